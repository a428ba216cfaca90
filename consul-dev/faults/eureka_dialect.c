/* Eureka: its REST API, with the members and words recorded from Spring Cloud Netflix 5.0. It has no response cache
 * and evicts nothing.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "dialect.h"
#include "net/json.h"
#include "net/url.h"
#include "spring_error.h"

static const char base[] = "/eureka/apps";

/* --- Which call ------------------------------------------------------------------------------------- */

/* /eureka/apps/{app}/{id}: both "" if they are left out. app: in small letters, as our services' names are. */
struct target {
    char app[SERVICE_NAME], id[128];
};

static bool copy_segment(const char *from, char *out, size_t size)
{
    size_t len = strcspn(from, "/");
    snprintf(out, size, "%.*s", (int)len, from);
    len = strlen(out);
    return url_decode(out, &len) == 0;
}

/* False: another path. */
static bool read_target(const struct request *request, struct target *target)
{
    *target = (struct target){.app = ""};
    size_t len = strlen(base);
    if (strncmp(request->path, base, len) != 0)
        return false;
    const char *app = request->path + len;
    if (*app != '/')
        return *app == '\0';
    const char *id = strchr(app + 1, '/');
    if (!copy_segment(app + 1, target->app, sizeof target->app) ||
        (id && !copy_segment(id + 1, target->id, sizeof target->id)))
        return false;
    for (char *c = target->app; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return true;
}

static enum asked asked_for(const struct request *request)
{
    struct target target;
    if (!read_target(request, &target) || !*target.app)
        return ASKED_OTHER;
    const char *method = request->method;
    if (!*target.id)
        return strcmp(method, "POST") == 0 ? ASKED_REGISTER : strcmp(method, "GET") == 0 ? ASKED_LIST : ASKED_OTHER;
    return strcmp(method, "PUT") == 0      ? ASKED_BEAT
           : strcmp(method, "DELETE") == 0 ? ASKED_DEREGISTER
           : strcmp(method, "GET") == 0    ? ASKED_LOOK
                                           : ASKED_OTHER;
}

static bool listed_service(const struct request *request, char out[SERVICE_NAME])
{
    struct target target;
    bool listed = asked_for(request) == ASKED_LIST && read_target(request, &target);
    snprintf(out, SERVICE_NAME, "%s", listed ? target.app : "");
    return listed;
}

/* --- A service's list -------------------------------------------------------------------------------- */

static void write_capitals(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
    for (; *out; out++)
        *out = (char)toupper((unsigned char)*out);
}

static void begin_list(struct reply *reply, const char *service)
{
    char app[SERVICE_NAME];
    write_capitals(app, sizeof app, service);
    buf_adds(&reply->head, "Content-Type: application/json\r\n");
    buf_addf(&reply->body, "{\"application\":{\"name\":\"%s\",\"instance\":[", app);
}

/* Without an instance, Eureka does not know the application. */
static void end_list(const struct request *request, struct reply *reply, int count)
{
    buf_adds(&reply->body, "]}}");
    if (count == 0)
        spring_error(request, reply, 404, NULL);
}

static void add_metadata(struct buf *out, const struct entry *entry)
{
    if (entry->is_bare)
        buf_adds(out, "\"metadata\":null,");
    else
        buf_addf(out, "\"metadata\":{\"weight\":\"%d\",\"version\":%s,\"zone\":%s,\"tags\":%s},", entry->weight,
                 entry->version, entry->zone, entry->tags);
}

static void add_entry(struct buf *out, const struct entry *entry)
{
    char app[SERVICE_NAME];
    write_capitals(app, sizeof app, entry->service);
    dialect_comma(out);
    buf_addf(out, "{\"instanceId\":\"%s\",\"hostName\":%s,\"app\":\"%s\",\"ipAddr\":%s,\"status\":\"%s\",", entry->id,
             entry->address, app, entry->is_bare ? "null" : entry->address,
             entry->status == ENTRY_PASSING ? "UP" : "DOWN");
    buf_addf(out,
             "\"overriddenStatus\":\"UNKNOWN\",\"port\":{\"$\":%s,\"@enabled\":\"true\"},"
             "\"securePort\":{\"$\":7002,\"@enabled\":\"false\"},\"countryId\":1,"
             "\"dataCenterInfo\":{\"@class\":\"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo\","
             "\"name\":\"MyOwn\"},\"leaseInfo\":{\"renewalIntervalInSecs\":30,\"durationInSecs\":90,"
             "\"registrationTimestamp\":1795943321692,\"lastRenewalTimestamp\":1795943321692,"
             "\"evictionTimestamp\":0,\"serviceUpTimestamp\":1795943321643},",
             entry->port);
    add_metadata(out, entry);
    buf_addf(out,
             "\"vipAddress\":\"%s\",\"isCoordinatingDiscoveryServer\":\"false\","
             "\"lastUpdatedTimestamp\":\"1795943321692\",\"lastDirtyTimestamp\":\"1795943321692\","
             "\"actionType\":\"ADDED\"}",
             entry->service);
}

/* --- The other calls ------------------------------------------------------------------------------------ */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static bool put_instance(const struct target *target, const json_t *instance)
{
    struct entry entry = catalog_entry();
    const json_t *metadata = json_object_get(instance, "metadata");
    const json_t *port = json_object_get(json_object_get(instance, "port"), "$");
    if (strcasecmp(text_of(instance, "app"), target->app) != 0 || !json_is_integer(port))
        return false;
    snprintf(entry.id, sizeof entry.id, "%s", text_of(instance, "instanceId"));
    snprintf(entry.service, sizeof entry.service, "%s", target->app);
    snprintf(entry.port, sizeof entry.port, "%lld", (long long)json_integer_value(port));
    entry.status = strcmp(text_of(instance, "status"), "UP") == 0 ? ENTRY_PASSING : ENTRY_CRITICAL;
    sscanf(text_of(metadata, "weight"), "%d", &entry.weight);
    catalog_quote(entry.address, sizeof entry.address, text_of(instance, "ipAddr"));
    catalog_quote(entry.version, sizeof entry.version, text_of(metadata, "version"));
    catalog_quote(entry.zone, sizeof entry.zone, text_of(metadata, "zone"));
    catalog_quote(entry.tags, sizeof entry.tags, text_of(metadata, "tags"));
    return catalog_put(&entry) == 0;
}

static void answer_register(const struct request *request, const struct target *target, struct reply *reply)
{
    struct err ignored = ERR_INIT;
    json_t *body = json_parse_new(buf_text(&request->body), request->body.len, &ignored);
    bool stored = put_instance(target, json_object_get(body, "instance"));
    json_decref(body);
    reply->status = stored ? 204 : 400;
    if (!stored)
        buf_adds(&reply->body, "{\"error\": \"cannot parse request body\"}");
}

static void answer_look(const struct entry *entry, struct reply *reply)
{
    buf_adds(&reply->head, "Content-Type: application/json\r\n");
    buf_adds(&reply->body, "{\"instance\":");
    add_entry(&reply->body, entry);
    buf_adds(&reply->body, "}");
}

static void answer(const struct request *request, struct reply *reply)
{
    struct target target;
    enum asked asked = asked_for(request);
    if (!read_target(request, &target)) {
        spring_error(request, reply, 404, NULL);
        return;
    }
    const struct entry *entry = catalog_find(target.id);
    if (asked == ASKED_REGISTER)
        answer_register(request, &target, reply);
    else if (asked != ASKED_OTHER && !entry)
        spring_error(request, reply, 404, NULL);
    else if (asked == ASKED_DEREGISTER)
        catalog_remove(target.id);
    else if (asked == ASKED_LOOK)
        answer_look(entry, reply);
}

static void shape_error(const struct request *request, struct reply *reply)
{
    spring_error(request, reply, reply->status, NULL);
}

/* --- Faults that only Eureka has ------------------------------------------------------------------------------ */

/* Lists are refused, registrations and heartbeats are not. */
static void starting(const struct request *request, struct reply *reply)
{
    struct target target;
    bool is_read = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    if (is_read && read_target(request, &target) && !*target.id)
        spring_error(request, reply, 403, NULL);
}

static void forget_beats(const struct request *request, struct reply *reply)
{
    if (asked_for(request) == ASKED_BEAT)
        spring_error(request, reply, 404, NULL);
}

static const struct fault eureka_faults[] = {
    {"starting", "403 for each list: a server that has just started, and waits for instances to renew",
     .change = starting},
    {"unknown-beat", "404 for each heartbeat: a server that lost its leases", .change = forget_beats},
    {0},
};

const struct dialect eureka_dialect = {
    .kind = "eureka",
    .server = "Eureka",
    .setting = "EUREKA_URL=http://127.0.0.1:",
    .setting_path = "/eureka",
    .flood = "{\"application\":{\"name\":\"USER-SERVICE\",\"instance\":[{}",
    .faults = eureka_faults,
    .asked_for = asked_for,
    .listed_service = listed_service,
    .answer = answer,
    .begin_list = begin_list,
    .add_entry = add_entry,
    .end_list = end_list,
    .shape_error = shape_error,
};
