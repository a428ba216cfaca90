#include "registry/nacos/nacos_reply.h"

#include <stdio.h>
#include <string.h>

#include "net/json.h"
#include "registry/wire.h"

/* Codes in the body. */
enum {
    CODE_OK = 0,
    CODE_OK_BEAT_V1 = 10200,
    CODE_NO_RESOURCE_V1 = 20404,      /* a heartbeat of an instance that is not registered */
    CODE_INSTANCE_NOT_FOUND = 21003,  /* the same in version 3 */
};

/* --- Errors -------------------------------------------------------------------------------- */

/* What to do about an error, where Nacos' words do not say it. */
static const struct {
    const char *words, *advice;
} advices[] = {
    {"ser not found", "set NACOS_USERNAME and NACOS_PASSWORD"},
    {"authorization failed", "give the user of NACOS_USERNAME the permission in Nacos"},
    {"signature", "all servers need the same token.secret.key"},
    {"is persistent service", "delete that service in Nacos, or use another NACOS_GROUP"},
    {"API will be deprecated", "this server has switched off the version of the API that it had"},
};

static const char *advice_on(int status, const char *words)
{
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (strstr(words, advices[i].words))
            return advices[i].advice;
    if (status == 404 || (status == 200 && !*words))
        return "is NACOS_SERVER_ADDR the address of Nacos' API, with its context path?";
    return status == 401 || status == 403 ? "check NACOS_USERNAME and NACOS_PASSWORD" : "";
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* {"code":21003,"message":"instance not found","data":null}, where data may be the more exact text; or the web
 * framework's {"status":403,"error":"Forbidden","message":"token expired!"}, where message may be missing. */
static void write_words(const json_t *reply, char *words, size_t size)
{
    const char *message = text_of(reply, "message"), *data = text_of(reply, "data"), *error = text_of(reply, "error");
    if (!*message || strcmp(message, "No message available") == 0)
        message = error;
    snprintf(words, size, "%.100s%s%.120s", message, *data ? ": " : "", data);
}

static int fail_with_words(int status, const json_t *reply, const char *body, struct err *err)
{
    char words[240];
    if (json_is_object(reply))
        write_words(reply, words, sizeof words);
    else
        wire_line(body, words, 160);
    const char *advice = advice_on(status, words);
    return err_set(err, ERR_FAILED, "HTTP %d%s%s%s%s", status, *words ? ": " : "", words, *advice ? "; " : "", advice);
}

int nacos_parse_error(int status, const char *body, size_t len, struct err *err)
{
    struct err ignored = ERR_INIT;
    json_t *reply = json_parse_new(body, len, &ignored);
    fail_with_words(status, reply, body, err);
    json_decref(reply);
    return -1;
}

bool nacos_wants_login(int status, const char *body)
{
    return (status == 401 || status == 403) && !strstr(body, "authorization failed");
}

/* --- Results ------------------------------------------------------------------------------- */

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

/* Version 1 answers some requests with this word. */
static bool is_word_ok(const char *body)
{
    return strncmp(body, "ok", 2) == 0 && strspn(body + 2, "\r\n") == strlen(body + 2);
}

enum nacos_result nacos_parse_result(int status, const char *body, size_t len, struct err *err)
{
    struct err ignored = ERR_INIT;
    if (status == 200 && is_word_ok(body))
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

/* --- What the server is -------------------------------------------------------------------- */

/* 400, 401 and 403: it knows the path, and objects to the rest. */
bool nacos_shows_api(enum nacos_api api, int status, const char *body, size_t len)
{
    struct err ignored = ERR_INIT;
    if (status != 200)
        return status == 400 || status == 401 || status == 403;
    json_t *reply = json_parse_new(body, len, &ignored);
    bool shows = api == NACOS_API_V3 ? json_is_integer(json_object_get(reply, "code"))
                                     : json_is_array(json_object_get(reply, "hosts"));
    json_decref(reply);
    return shows;
}

/* {"code":0,"data":[{"namespace":"public",…}]}; version 1 writes the code 200, and the public one as "". */
bool nacos_lacks_namespace(const char *body, size_t len, const char *id)
{
    struct err ignored = ERR_INIT;
    json_t *reply = json_parse_new(body, len, &ignored), *one;
    const json_t *all = json_object_get(reply, "data");
    bool lacks = json_array_size(all) > 0;
    size_t i;
    json_array_foreach(all, i, one) {
        lacks &= strcmp(text_of(one, "namespace"), id) != 0;
    }
    json_decref(reply);
    return lacks;
}

/* A token with a control character could add headers of its own. */
static bool is_one_word(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p <= ' ' || *p >= 0x7f)
            return false;
    return *text != '\0';
}

int nacos_parse_login(const char *body, size_t len, char *token, size_t size, int64_t *ttl_ms, struct err *err)
{
    struct err ignored = ERR_INIT;
    json_t *reply = json_parse_new(body, len, &ignored);
    const char *text = text_of(reply, "accessToken");
    json_int_t ttl_s = json_integer_value(json_object_get(reply, "tokenTtl"));
    bool fits = is_one_word(text) && strlen(text) < size;
    if (fits)
        snprintf(token, size, "%s", text);
    *ttl_ms = ttl_s < 1 || ttl_s > INT64_MAX / 1000 ? INT64_MAX : ttl_s * 1000;
    json_decref(reply);
    return fits ? 0 : err_set(err, ERR_PROTOCOL, "the reply to the login has no token");
}

/* --- The list ------------------------------------------------------------------------------ */

/* Version 1 has no code around a list. */
int nacos_check_envelope(enum nacos_api api, const char *body, size_t len, struct err *err)
{
    struct err ignored = ERR_INIT;
    json_t *reply = json_parse_new(body, len, &ignored);
    const json_t *code = json_object_get(reply, "code");
    int rc = 0;
    if (!json_is_object(reply))
        rc = err_set(err, ERR_PROTOCOL, "the list is cut off, or not Nacos'");
    else if (code ? result_of(code) != NACOS_OK : api == NACOS_API_V3)
        rc = fail_with_words(200, reply, body, err);
    json_decref(reply);
    return rc;
}

const char *nacos_list_member(enum nacos_api api)
{
    return api == NACOS_API_V3 ? "data" : "hosts";
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

/* By which Nacos knows an instance within a cluster. Valid until the next call. */
static const char *make_place(const struct instance *instance)
{
    static char place[300];
    bool is_ipv6 = strchr(instance->address, ':') != NULL;
    snprintf(place, sizeof place, "%s%s%s:%u", is_ipv6 ? "[" : "", instance->address, is_ipv6 ? "]" : "",
             (unsigned)instance->port);
    return place;
}

/* The id is in the metadata, so Nacos does not keep it unique: when an instance moves, its old entry stays until it
 * expires. The place as the node keeps the two apart. Instances of other frameworks have no id of ours. */
const char *nacos_read_entry(const json_t *entry, struct instance *instance)
{
    const json_t *metadata = json_object_get(entry, "metadata");
    *instance = (struct instance){.id = text_of(metadata, "id"), .node = "",
                                  .address = wire_address(text_of(entry, "ip")),
                                  .zone = text_of(metadata, "zone"), .version = text_of(metadata, "version"),
                                  .tags = text_of(metadata, "tags"),
                                  .port = wire_port(entry, "port")};
    if (!*instance->address)
        return "it has no address";
    if (instance->port == 0)
        return "its port is not 1 to 65535";
    instance->node = make_place(instance);
    if (!*instance->id)
        instance->id = instance->node;
    apply_weight(entry, instance);
    instance->status = json_is_true(json_object_get(entry, "healthy")) ? INSTANCE_PASSING : INSTANCE_CRITICAL;
    instance->maintenance |= json_is_false(json_object_get(entry, "enabled"));
    return NULL;
}
