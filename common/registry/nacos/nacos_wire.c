#include "registry/nacos/nacos_wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "net/json.h"
#include "net/url.h"
#include "registry/wire.h"

/* Nacos' own limits. */
enum { WEIGHT_MAX = 10000 };

/* Codes in the body. */
enum {
    CODE_OK = 0,
    CODE_OK_BEAT_V1 = 10200,
    CODE_NO_RESOURCE_V1 = 20404,      /* a heartbeat of an instance that is not registered */
    CODE_INSTANCE_NOT_FOUND = 21003,  /* the same in version 3 */
};

/* --- Methods and paths --------------------------------------------------------------------- */

static const struct {
    const char *method, *path;
} requests[][NACOS_REQUESTS] = {
    [NACOS_API_V3] =
        {
            [NACOS_REGISTER] = {"POST", "/v3/client/ns/instance"},
            [NACOS_BEAT] = {"POST", "/v3/client/ns/instance"},
            [NACOS_DEREGISTER] = {"DELETE", "/v3/client/ns/instance"},
            [NACOS_LIST] = {"GET", "/v3/client/ns/instance/list"},
            [NACOS_LOGIN] = {"POST", "/v3/auth/user/login"},
        },
    [NACOS_API_V1] =
        {
            [NACOS_REGISTER] = {"POST", "/v1/ns/instance"},
            [NACOS_BEAT] = {"PUT", "/v1/ns/instance/beat"},
            [NACOS_DEREGISTER] = {"DELETE", "/v1/ns/instance"},
            [NACOS_LIST] = {"GET", "/v1/ns/instance/list"},
            [NACOS_LOGIN] = {"POST", "/v1/auth/login"},
        },
};

const char *nacos_method(enum nacos_api api, enum nacos_request request)
{
    return requests[api][request].method;
}

const char *nacos_path(enum nacos_api api, enum nacos_request request)
{
    return requests[api][request].path;
}

/* --- Parameters ------------------------------------------------------------------------------ */

static bool add(struct buf *query, const char *name, const char *value)
{
    return buf_addf(query, "%s%s=", query->len ? "&" : "", name) && url_add_query(query, value);
}

bool nacos_add_service(struct buf *query, const struct nacos_config *config, const char *service)
{
    return add(query, "serviceName", service) && add(query, "namespaceId", config->namespace_id) &&
           add(query, "groupName", config->group) && add(query, "clusterName", "DEFAULT");
}

bool nacos_add_own(struct buf *query, const struct nacos_config *config, const struct registration_spec *spec,
                   const char *address)
{
    char port[8];
    snprintf(port, sizeof port, "%u", (unsigned)spec->port);
    return nacos_add_service(query, config, spec->service) && add(query, "ip", address) && add(query, "port", port) &&
           add(query, "ephemeral", "true");
}

/* In milliseconds, as text. The server's own times are 5, 15 and 30 s, in the same ratio. */
static json_t *times_new(int64_t interval_ms, int factor)
{
    return json_sprintf("%" PRId64, interval_ms * factor);
}

/* json_pack takes over each reference that a format "o" names, also when it fails. */
static json_t *metadata_new(const struct registration_spec *spec)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "id", spec->id,
                     "version", json_text_new(spec->version),
                     "zone", json_text_new(spec->zone),
                     "tags", json_text_new(spec->tags),
                     "preserved.heart.beat.interval", times_new(spec->check_interval_ms, 1),
                     "preserved.heart.beat.timeout", times_new(spec->check_interval_ms, 3),
                     "preserved.ip.delete.timeout", times_new(spec->check_interval_ms, 6));
}

static int weight_of(const struct registration_spec *spec)
{
    return spec->weight < WEIGHT_MAX ? spec->weight : WEIGHT_MAX;
}

bool nacos_add_instance(struct buf *query, const struct nacos_config *config, const struct registration_spec *spec,
                        const char *address, bool healthy)
{
    struct buf metadata = BUF_INIT(8 * 1024);
    char weight[16];
    snprintf(weight, sizeof weight, "%d", weight_of(spec));
    bool added = nacos_add_own(query, config, spec, address) && add(query, "weight", weight) &&
                 add(query, "healthy", healthy ? "true" : "false") &&
                 json_add_take(&metadata, metadata_new(spec)) && add(query, "metadata", buf_text(&metadata));
    buf_close(&metadata);
    return added;
}

bool nacos_add_beat(struct buf *query, enum nacos_api api, const struct nacos_config *config,
                    const struct registration_spec *spec, const char *address)
{
    return nacos_add_own(query, config, spec, address) &&
           (api == NACOS_API_V1 || add(query, "heartBeat", "true"));
}

/* --- Results ------------------------------------------------------------------------------------ */

/* {"code":21003,"message":"instance not found","data":null}; also a page of the web server's own, or plain text. */
static int fail_with_words(int status, const json_t *reply, const char *body, struct err *err)
{
    const json_t *data = json_object_get(reply, "data");
    const char *message = json_string_value(json_object_get(reply, "message"));
    const char *detail = json_is_string(data) ? json_string_value(data) : NULL;
    if (message)
        return err_set(err, ERR_FAILED, "HTTP %d: %.100s%s%.160s", status, message, detail ? ": " : "",
                       detail ? detail : "");
    return err_set(err, ERR_FAILED, "HTTP %d: %.*s", status, (int)strcspn(body, "\r\n<"), body);
}

static enum nacos_result result_of(const json_t *code)
{
    switch (json_is_integer(code) ? json_integer_value(code) : -1) {
    case CODE_OK:
    case CODE_OK_BEAT_V1:
        return NACOS_OK;
    case CODE_NO_RESOURCE_V1:
    case CODE_INSTANCE_NOT_FOUND:
        return NACOS_UNKNOWN_INSTANCE;
    default:
        return NACOS_FAILED;
    }
}

/* Version 1 answers some requests with the word ok, and lists without a code. */
enum nacos_result nacos_parse_result(int status, const char *body, size_t len, struct err *err)
{
    struct err ignored = ERR_INIT;
    if (status == 200 && len >= 2 && strncmp(body, "ok", 2) == 0)
        return NACOS_OK;
    json_t *reply = json_parse_new(body, len, &ignored);
    enum nacos_result result = result_of(json_object_get(reply, "code"));
    if (result == NACOS_OK && status != 200)
        result = NACOS_FAILED;
    if (result == NACOS_FAILED)
        fail_with_words(status, reply, body, err);
    json_decref(reply);
    return result;
}

enum nacos_result nacos_parse_envelope(const char *body, size_t len, struct err *err)
{
    struct err ignored = ERR_INIT;
    json_t *reply = json_parse_new(body, len, &ignored);
    const json_t *code = json_object_get(reply, "code");
    enum nacos_result result = code ? result_of(code) : NACOS_OK; /* what is not JSON: list_parser_end says so */
    if (result == NACOS_FAILED)
        fail_with_words(200, reply, body, err);
    json_decref(reply);
    return result;
}

/* --- The list -------------------------------------------------------------------------------------- */

const char *nacos_list_member(enum nacos_api api)
{
    return api == NACOS_API_V3 ? "data" : "hosts";
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* Weights are decimal. Less than 1 counts as 1, but 0 is how Nacos' console stops all calls to an instance. */
static void apply_weight(const json_t *entry, struct instance *instance)
{
    const json_t *value = json_object_get(entry, "weight");
    double weight = json_is_number(value) ? json_number_value(value) : 1;
    instance->maintenance = weight <= 0;
    instance->weight = weight < 1 ? 1 : weight > WIRE_WEIGHT_MAX ? WIRE_WEIGHT_MAX : (int)(weight + 0.5);
    instance->warning_weight = 1;
}

/* Instances of other frameworks have no id of ours; Nacos itself knows them by address and port. Valid until the next
 * call. */
static const char *make_id(const struct instance *instance)
{
    static char id[300];
    snprintf(id, sizeof id, "%s:%u", instance->address, (unsigned)instance->port);
    return id;
}

const char *nacos_read_entry(const json_t *entry, struct instance *instance)
{
    const json_t *metadata = json_object_get(entry, "metadata");
    *instance = (struct instance){.id = text_of(metadata, "id"), .node = "", .address = text_of(entry, "ip"),
                                  .zone = text_of(metadata, "zone"), .version = text_of(metadata, "version"),
                                  .port = wire_port(entry, "port")};
    if (!*instance->address)
        return "it has no address";
    if (instance->port == 0)
        return "its port is not 1 to 65535";
    if (!*instance->id)
        instance->id = make_id(instance);
    apply_weight(entry, instance);
    instance->status = json_is_true(json_object_get(entry, "healthy")) ? INSTANCE_PASSING : INSTANCE_CRITICAL;
    instance->maintenance |= json_is_false(json_object_get(entry, "enabled"));
    return NULL;
}

/* --- Login ---------------------------------------------------------------------------------------- */

bool nacos_add_login(struct buf *body, const char *username, const char *password)
{
    return add(body, "username", username) && add(body, "password", password);
}

int nacos_parse_login(const char *body, size_t len, char *token, size_t size, int64_t *ttl_ms, struct err *err)
{
    struct err why = ERR_INIT;
    json_t *reply = json_parse_new(body, len, &why);
    const char *text = text_of(reply, "accessToken");
    json_int_t ttl = json_integer_value(json_object_get(reply, "tokenTtl"));
    bool is_token = *text && strlen(text) < size && strpbrk(text, "\r\n") == NULL;
    if (is_token)
        snprintf(token, size, "%s", text);
    *ttl_ms = ttl > 0 ? ttl * 1000 : 0;
    json_decref(reply);
    return is_token ? 0 : err_set(err, ERR_PROTOCOL, "the reply to the login has no token");
}
