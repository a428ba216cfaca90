#include "registry/eureka/eureka_wire.h"

#include <stdlib.h>
#include <string.h>

#include "net/json.h"
#include "net/url.h"
#include "registry/name.h"
#include "registry/wire.h"

/* --- Paths --------------------------------------------------------------------------------- */

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Cut to SERVICE_NAME_MAX, which the setting allows at most. */
static void app_name(const char *service, char name[SERVICE_NAME_MAX + 1])
{
    size_t len = 0;
    for (; len < SERVICE_NAME_MAX && service[len]; len++)
        name[len] = upper(service[len]);
    name[len] = '\0';
}

bool eureka_add_path(struct buf *out, const char *base, const char *service, const char *id)
{
    char app[SERVICE_NAME_MAX + 1];
    app_name(service, app);
    if (!buf_addf(out, "%s/apps/", base) || !url_add_segment(out, app))
        return false;
    return !id || (buf_adds(out, "/") && url_add_segment(out, id));
}

/* --- Register ------------------------------------------------------------------------------ */

int64_t eureka_lease_seconds(const struct registration_spec *spec)
{
    return (3 * spec->check_interval_ms + 1999) / 2000;
}

static const char out_of_service[] = "OUT_OF_SERVICE";

const char *eureka_status_word(enum instance_status status)
{
    return status == INSTANCE_CRITICAL ? "DOWN" : "UP";
}

/* Empty text is left out. json_pack takes over each reference that a format "o" names, also when it fails. */
static json_t *metadata_new(const struct registration_spec *spec)
{
    json_t *metadata = json_pack("{s:o}", "weight", json_sprintf("%d", spec->weight));
    const struct {
        const char *key, *text;
    } rows[] = {{"version", spec->version}, {"zone", spec->zone}, {"tags", spec->tags}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (*rows[i].text && json_object_set_new(metadata, rows[i].key, json_text_new(rows[i].text)) != 0) {
            json_decref(metadata);
            return NULL;
        }
    return metadata;
}

static json_t *instance_new(const struct registration_spec *spec, const char *address, enum instance_status status)
{
    char app[SERVICE_NAME_MAX + 1];
    app_name(spec->service, app);
    return json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:{s:i, s:s}, s:{s:s, s:s}, s:{s:I, s:I}, s:o}",
                     "instanceId", spec->id,
                     "app", app,
                     "hostName", json_text_new(address),
                     "ipAddr", json_text_new(address),
                     "vipAddress", spec->service, /* the name by which Spring's callers ask */
                     "status", eureka_status_word(status),
                     "port", "$", spec->port, "@enabled", "true",
                     "dataCenterInfo", "@class", "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo",
                                       "name", "MyOwn",
                     "leaseInfo", "renewalIntervalInSecs", (json_int_t)((spec->check_interval_ms + 999) / 1000),
                                  "durationInSecs", (json_int_t)eureka_lease_seconds(spec),
                     "metadata", metadata_new(spec));
}

bool eureka_add_registration(struct buf *out, const struct registration_spec *spec, const char *address,
                             enum instance_status status)
{
    return json_add_take(out, json_pack("{s:o}", "instance", instance_new(spec, address, status)));
}

/* --- One entry ----------------------------------------------------------------------------- */

/* Eureka writes numbers as text in some places, and other clients do so in others. 0: not a whole number. */
static long number_of(const json_t *value)
{
    if (json_is_integer(value))
        return (long)json_integer_value(value);
    const char *text = json_string_value(value);
    char *end = NULL;
    long number = text ? strtol(text, &end, 10) : 0;
    return text && *text && !*end ? number : 0;
}

/* 0: not a port, or switched off. */
static uint16_t port_of(const json_t *entry)
{
    const json_t *port = json_object_get(entry, "port"), *enabled = json_object_get(port, "@enabled");
    const char *word = json_string_value(enabled);
    long number = number_of(json_object_get(port, "$"));
    bool is_off = json_is_false(enabled) || (word && strcmp(word, "false") == 0);
    return is_off || number < 1 || number > UINT16_MAX ? 0 : (uint16_t)number;
}

/* The metadata belongs to the applications, which may use our words for other things: such a weight counts as 1. */
static int weight_of(const json_t *metadata)
{
    long weight = number_of(json_object_get(metadata, "weight"));
    return weight < 1 ? 1 : weight > WIRE_WEIGHT_MAX ? WIRE_WEIGHT_MAX : (int)weight;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* OUT_OF_SERVICE: an operator takes it out. An instance that reports DOWN meanwhile shows DOWN, but its override
 * stays. DOWN, STARTING, UNKNOWN: not usable, but it may become so. */
static void apply_status(const json_t *entry, struct instance *instance)
{
    const char *word = text_of(entry, "status");
    instance->status = strcmp(word, "UP") == 0 ? INSTANCE_PASSING : INSTANCE_CRITICAL;
    instance->maintenance = strcmp(word, out_of_service) == 0 ||
                            strcmp(text_of(entry, "overriddenStatus"), out_of_service) == 0;
}

static const char *read_entry(const json_t *entry, struct instance *instance)
{
    const json_t *metadata = json_object_get(entry, "metadata");
    *instance = (struct instance){.id = text_of(entry, "instanceId"), .node = "",
                                  .address = wire_address(text_of(entry, "ipAddr")),
                                  .zone = text_of(metadata, "zone"), .version = text_of(metadata, "version"),
                                  .tags = text_of(metadata, "tags"),
                                  .port = port_of(entry), .weight = weight_of(metadata), .warning_weight = 1};
    if (!*instance->id)
        instance->id = text_of(entry, "hostName"); /* as Eureka does itself: clients before 1.4 have no instanceId */
    if (!*instance->address)
        instance->address = wire_address(text_of(entry, "hostName"));
    if (!*instance->id)
        return "it has no id";
    if (instance->port == 0)
        return "its http port is not 1 to 65535, or is not enabled";
    if (!json_is_string(json_object_get(entry, "status")))
        return "its status is not text";
    apply_status(entry, instance);
    return NULL;
}

int eureka_list_begin(struct list_parser *parser, struct err *err)
{
    int rc = list_parser_begin(parser, "instance", read_entry, err);
    parser->may_be_single = true; /* as old servers write it */
    return rc;
}

/* --- Our own entry ------------------------------------------------------------------------- */

/* A server keeps an older status if its clock is behind that of the server where we wrote the last one. */
static bool has_other_status(const json_t *entry, const struct registration_spec *spec, enum instance_status status)
{
    const char *override = text_of(entry, "overriddenStatus");
    if (spec->maintenance == MAINTENANCE_ON)
        return strcmp(override, out_of_service) != 0;
    bool is_overridden = *override && strcmp(override, "UNKNOWN") != 0;
    return !is_overridden && strcmp(text_of(entry, "status"), eureka_status_word(status)) != 0;
}

/* Compared as text in JSON: what is not UTF-8 in ours was registered as U+FFFD. */
static bool has_other_metadata(const json_t *entry, const struct registration_spec *spec)
{
    static const char *const keys[] = {"weight", "version", "zone", "tags"};
    const json_t *found = json_object_get(entry, "metadata");
    json_t *ours = metadata_new(spec);
    bool differs = false;
    for (size_t i = 0; ours && i < sizeof keys / sizeof *keys; i++)
        differs |= strcmp(text_of(found, keys[i]), text_of(ours, keys[i])) != 0;
    json_decref(ours);
    return differs;
}

static const char *find_difference(const json_t *entry, const struct registration_spec *spec, const char *address,
                                   enum instance_status status)
{
    struct instance found;
    const char *fault = read_entry(entry, &found);
    if (fault)
        return fault;
    if (strcmp(found.address, address) != 0)
        return "its address is another one";
    if (found.port != spec->port)
        return "its port is another one";
    if (has_other_metadata(entry, spec))
        return "its metadata is not ours";
    return has_other_status(entry, spec, status) ? "its status is not ours" : "";
}

int eureka_parse_own(const char *body, size_t len, const struct registration_spec *spec, const char *address,
                     enum instance_status status, const char **difference, struct err *err)
{
    struct err ignored = ERR_INIT;
    json_t *reply = json_parse_new(body, len, &ignored);
    const json_t *entry = json_object_get(reply, "instance");
    int rc = 0;
    *difference = "";
    if (!json_is_object(entry))
        rc = err_set(err, ERR_PROTOCOL, "the reply is not an instance in JSON");
    else
        *difference = find_difference(entry, spec, address, status);
    json_decref(reply);
    return rc;
}

/* --- Errors -------------------------------------------------------------------------------- */

/* Plain text, also where the header says JSON; Jersey's {"error":"cannot parse request body"}; or Spring's
 * {"status":500,"error":"Internal Server Error","path":…}. */
void eureka_parse_reason(const char *body, size_t len, char *reason, size_t size)
{
    struct err ignored = ERR_INIT;
    json_t *reply = json_parse_new(body, len, &ignored);
    wire_line(reply ? text_of(reply, "error") : body, reason, size);
    json_decref(reply);
}
