/* Nacos: version 3 of its API, and version 1, which its releases 1 and 2 have. In the replies' order of members and
 * in their words as recorded from Nacos 3.1 and 2.3. Nacos knows an instance by address and port; our own id is in its
 * metadata.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "dialect.h"
#include "net/json.h"
#include "spring_error.h"

#define V3 "/nacos/v3/client/ns/instance"
#define V1 "/nacos/v1/ns/instance"

enum { LOGIN_TTL_S = 18000, BEAT_MS = 5000 };

/* --- Which call ------------------------------------------------------------------------------------- */

static bool is_at(const struct request *request, const char *method, const char *path)
{
    return strcmp(request->method, method) == 0 && strcmp(request->path, path) == 0;
}

static enum asked asked_of_v3(const struct request *request)
{
    char beat[8];
    if (is_at(request, "GET", V3 "/list"))
        return ASKED_LIST;
    if (is_at(request, "DELETE", V3))
        return ASKED_DEREGISTER;
    if (!is_at(request, "POST", V3))
        return ASKED_OTHER;
    return strcmp(request_text(request, "heartBeat", beat, sizeof beat), "true") == 0 ? ASKED_BEAT : ASKED_REGISTER;
}

static enum asked asked_of_v1(const struct request *request)
{
    if (is_at(request, "GET", V1 "/list"))
        return ASKED_LIST;
    if (is_at(request, "PUT", V1 "/beat"))
        return ASKED_BEAT;
    if (is_at(request, "DELETE", V1))
        return ASKED_DEREGISTER;
    return is_at(request, "POST", V1) ? ASKED_REGISTER : ASKED_OTHER;
}

static bool listed_service(const struct request *request, char out[SERVICE_NAME])
{
    return dialect()->asked_for(request) == ASKED_LIST && *request_text(request, "serviceName", out, SERVICE_NAME);
}

/* --- A service's list -------------------------------------------------------------------------------- */

static void begin_list_v3(struct reply *reply, const char *service)
{
    (void)service;
    buf_adds(&reply->head, "Content-Type: application/json\r\n");
    buf_adds(&reply->body, "{\"code\":0,\"message\":\"success\",\"data\":[");
}

static void end_list_v3(const struct request *request, struct reply *reply, int count)
{
    (void)request, (void)count;
    buf_adds(&reply->body, "]}");
}

static void begin_list_v1(struct reply *reply, const char *service)
{
    buf_adds(&reply->head, "Content-Type: application/json\r\n");
    buf_addf(&reply->body,
             "{\"name\":\"DEFAULT_GROUP@@%s\",\"groupName\":\"DEFAULT_GROUP\",\"clusters\":\"DEFAULT\","
             "\"cacheMillis\":10000,\"hosts\":[", service);
}

static void end_list_v1(const struct request *request, struct reply *reply, int count)
{
    (void)request, (void)count;
    buf_adds(&reply->body, "],\"lastRefTime\":1795944736404,\"checksum\":\"\",\"allIPs\":false,"
                           "\"reachProtectionThreshold\":false,\"valid\":true}");
}

static void add_members(struct buf *out, const struct entry *entry)
{
    buf_addf(out, "\"ip\":%s,\"port\":%s,\"weight\":", entry->address, entry->port);
    if (entry->is_bare)
        buf_adds(out, "null");
    else
        buf_addf(out, "%d.0", entry->weight);
    buf_addf(out,
             ",\"healthy\":%s,\"enabled\":true,\"ephemeral\":true,\"clusterName\":%s,"
             "\"serviceName\":\"DEFAULT_GROUP@@%s\",\"metadata\":{\"id\":\"%s\"",
             entry->status == ENTRY_PASSING ? "true" : "false", entry->is_bare ? "null" : "\"DEFAULT\"", entry->service,
             entry->id);
    if (!entry->is_bare)
        buf_addf(out, ",\"version\":%s,\"zone\":%s,\"tags\":%s,\"preserved.heart.beat.interval\":\"5000\"",
                 entry->version, entry->zone, entry->tags);
    buf_addf(out, "},\"instanceHeartBeatInterval\":%d,\"instanceHeartBeatTimeOut\":%d,\"ipDeleteTimeout\":%d", BEAT_MS,
             3 * BEAT_MS, 6 * BEAT_MS);
}

static void add_entry_v3(struct buf *out, const struct entry *entry)
{
    dialect_comma(out);
    buf_adds(out, "{");
    add_members(out, entry);
    buf_adds(out, "}");
}

static void add_entry_v1(struct buf *out, const struct entry *entry)
{
    dialect_comma(out);
    buf_addf(out, "{\"instanceId\":\"%s#DEFAULT#DEFAULT_GROUP@@%s\",", entry->id, entry->service);
    add_members(out, entry);
    buf_adds(out, ",\"instanceIdGenerator\":\"simple\"}");
}

/* --- The other calls ------------------------------------------------------------------------------------ */

/* The address and port of a request, as an entry has them. */
struct place {
    char service[SERVICE_NAME], address[160], port[16];
};

static void read_place(const struct request *request, struct place *place)
{
    char address[128];
    request_text(request, "serviceName", place->service, sizeof place->service);
    request_text(request, "port", place->port, sizeof place->port);
    catalog_quote(place->address, sizeof place->address, request_text(request, "ip", address, sizeof address));
}

static const struct entry *find_at(const struct place *place)
{
    const struct entry *entry;
    for (size_t at = 0; (entry = catalog_next(place->service, &at));)
        if (strcmp(entry->address, place->address) == 0 && strcmp(entry->port, place->port) == 0)
            return entry;
    return NULL;
}

/* Any text: what is not in the metadata is "". */
static const char *metadata_text(const json_t *metadata, const char *name)
{
    const char *text = json_string_value(json_object_get(metadata, name));
    return text ? text : "";
}

static bool put_instance(const struct request *request)
{
    struct place place;
    struct err ignored = ERR_INIT;
    struct entry entry = catalog_entry();
    char text[1024], healthy[8], weight[16];
    read_place(request, &place);
    request_text(request, "metadata", text, sizeof text);
    json_t *metadata = json_parse_new(text, strlen(text), &ignored);
    snprintf(entry.id, sizeof entry.id, "%s", metadata_text(metadata, "id"));
    if (!*entry.id)
        snprintf(entry.id, sizeof entry.id, "%.80s:%s", place.address, place.port);
    snprintf(entry.service, sizeof entry.service, "%s", place.service);
    memcpy(entry.address, place.address, sizeof entry.address);
    memcpy(entry.port, place.port, sizeof entry.port);
    catalog_quote(entry.version, sizeof entry.version, metadata_text(metadata, "version"));
    catalog_quote(entry.zone, sizeof entry.zone, metadata_text(metadata, "zone"));
    catalog_quote(entry.tags, sizeof entry.tags, metadata_text(metadata, "tags"));
    if (sscanf(request_text(request, "weight", weight, sizeof weight), "%d", &entry.weight) != 1)
        entry.weight = 1;
    if (strcmp(request_text(request, "healthy", healthy, sizeof healthy), "false") == 0)
        entry.status = ENTRY_CRITICAL;
    json_decref(metadata);
    return catalog_put(&entry) == 0;
}

/* False: there is no such instance. A heartbeat makes it healthy. */
static bool beat(const struct request *request)
{
    struct place place;
    read_place(request, &place);
    const struct entry *entry = find_at(&place);
    return entry && catalog_set_status(entry->id, ENTRY_PASSING);
}

static void remove_instance(const struct request *request)
{
    struct place place;
    read_place(request, &place);
    const struct entry *entry = find_at(&place);
    if (entry)
        catalog_remove(entry->id);
}

static void reply_json(struct reply *reply, const char *body)
{
    buf_clear(&reply->head);
    buf_clear(&reply->body);
    buf_adds(&reply->head, "Content-Type: application/json\r\n");
    buf_adds(&reply->body, body);
}

/* Any user and password are right. The token says when it was made. */
static void answer_login(struct reply *reply)
{
    reply_json(reply, "{\"accessToken\":\"");
    buf_addf(&reply->body, "%" PRId64 "\",\"tokenTtl\":%d,\"globalAdmin\":true,\"username\":\"nacos\"}", clock_ms(),
             LOGIN_TTL_S);
}

#define SUCCESS_V3 "{\"code\":0,\"message\":\"success\",\"data\":\"ok\"}"
#define UNKNOWN_V3 "{\"code\":21003,\"message\":\"instance not found\",\"data\":null}"
#define UNKNOWN_V1 "{\"clientBeatInterval\":5000,\"code\":20404,\"lightBeatEnabled\":true}"
#define BEATEN_V1  "{\"clientBeatInterval\":5000,\"code\":10200,\"lightBeatEnabled\":true}"

static void answer_v3(const struct request *request, struct reply *reply)
{
    enum asked asked = asked_of_v3(request);
    bool done = true;
    if (is_at(request, "POST", "/nacos/v3/auth/user/login"))
        answer_login(reply);
    else if (asked == ASKED_OTHER)
        spring_error(request, reply, 404, "No static resource.");
    else if (asked == ASKED_REGISTER)
        done = put_instance(request);
    else if (asked == ASKED_DEREGISTER)
        remove_instance(request);
    if (asked == ASKED_BEAT)
        reply_json(reply, beat(request) ? SUCCESS_V3 : UNKNOWN_V3);
    else if (asked != ASKED_OTHER)
        reply_json(reply, SUCCESS_V3);
    if (!done) {
        reply->status = 400;
        reply_json(reply, "{\"code\":10000,\"message\":\"parameter missing\",\"data\":\"Required parameter\"}");
    }
}

static void answer_v1(const struct request *request, struct reply *reply)
{
    enum asked asked = asked_of_v1(request);
    if (is_at(request, "POST", "/nacos/v1/auth/login")) {
        answer_login(reply);
    } else if (asked == ASKED_OTHER) {
        spring_error(request, reply, 404, "No message available");
    } else if (asked == ASKED_BEAT) {
        reply_json(reply, beat(request) ? BEATEN_V1 : UNKNOWN_V1);
    } else if (asked == ASKED_REGISTER && !put_instance(request)) {
        reply->status = 400;
        buf_adds(&reply->body, "caused: Param 'ip' is required.;");
    } else {
        if (asked == ASKED_DEREGISTER)
            remove_instance(request);
        buf_adds(&reply->body, "ok");
    }
}

static void shape_error(const struct request *request, struct reply *reply)
{
    spring_error(request, reply, reply->status,
                 reply->status != 403 ? "No message available"
                                      : "Code: 401, Message: User not found!");
}

/* --- Faults that only Nacos has ------------------------------------------------------------------------------ */

static void code_in_body(const struct request *request, struct reply *reply)
{
    (void)request;
    reply->status = 200;
    reply_json(reply, "{\"code\":30000,\"message\":\"server error\",\"data\":\"caused: No leader for raft group\"}");
}

static void forget_beats(const struct request *request, struct reply *reply)
{
    if (dialect()->asked_for(request) == ASKED_BEAT)
        reply_json(reply, dialect() == &nacos_dialect ? UNKNOWN_V3 : UNKNOWN_V1);
}

static void unknown_version(const struct request *request, struct reply *reply)
{
    spring_error(request, reply, 404, "No static resource.");
}

/* A token that was made before this fault has expired. */
static void expired_token(const struct request *request, struct reply *reply)
{
    char bearer[64];
    long long made_ms = 0;
    if (strstr(request->path, "/auth/"))
        return;
    sscanf(request_header(request, "Authorization", bearer, sizeof bearer), "Bearer %lld", &made_ms);
    if (made_ms < stand_in_since_ms())
        spring_error(request, reply, 403, "Code: 401, Message: token expired!.");
}

static const struct fault nacos_faults[] = {
    {"code-in-body", "each reply has status 200, and an error as a code in the body: a group without a raft leader",
     .change = code_in_body},
    {"unknown-beat", "each heartbeat is of an unknown instance (21003; before 3: 20404): a server that lost its data",
     .change = forget_beats},
    {"unknown-version", "404 for each path: a release that has another API, or a gateway that removes the path",
     .change = unknown_version},
    {"expired-token", "403 for each token older than this fault: the servers' secret was changed",
     .change = expired_token},
    {0},
};

#define BOTH                                                                                                   \
    .setting = "NACOS_SERVER_ADDR=127.0.0.1:", .setting_path = "", .faults = nacos_faults,                    \
    .listed_service = listed_service, .shape_error = shape_error

const struct dialect nacos_dialect = {
    .kind = "nacos",
    .server = "Nacos 3",
    .flood = "{\"code\":0,\"message\":\"success\",\"data\":[{}",
    .asked_for = asked_of_v3,
    .answer = answer_v3,
    .begin_list = begin_list_v3,
    .add_entry = add_entry_v3,
    .end_list = end_list_v3,
    BOTH,
};

const struct dialect nacos2_dialect = {
    .kind = "nacos2",
    .server = "Nacos 2, which has no version 3 of the API",
    .flood = "{\"name\":\"DEFAULT_GROUP@@user-service\",\"hosts\":[{}",
    .asked_for = asked_of_v1,
    .answer = answer_v1,
    .begin_list = begin_list_v1,
    .add_entry = add_entry_v1,
    .end_list = end_list_v1,
    BOTH,
};
