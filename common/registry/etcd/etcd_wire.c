#include "registry/etcd/etcd_wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "net/json.h"
#include "registry/etcd/base64.h"
#include "registry/wire.h"

enum {
    KEY_CAP = 1024,            /* bytes of a key of ours */
    VALUE_CAP = 4 * 1024,      /* of a value of ours */
    ENTRY_MAX_BYTES = 64 * 1024, /* of somebody's value: parsed without a pause, at about 25 ns a byte */
};

/* --- What we say ----------------------------------------------------------------------- */

static bool add_bytes(struct buf *out, const char *name, const void *bytes, size_t len)
{
    return buf_addf(out, "\"%s\":\"", name) && base64_encode(out, bytes, len) && buf_adds(out, "\"");
}

/* "key":"…" of one instance. */
static bool add_own_key(struct buf *out, const struct registration_spec *spec)
{
    struct buf key = BUF_INIT(KEY_CAP);
    bool added = buf_addf(&key, "/services/%s/%s", spec->service, spec->id) && add_bytes(out, "key", key.data, key.len);
    buf_close(&key);
    return added;
}

int64_t etcd_lease_seconds(const struct registration_spec *spec)
{
    return (3 * spec->check_interval_ms + 999) / 1000;
}

/* The length is part of it: a lease keeps the one that it was granted with. */
int64_t etcd_lease_id(const struct registration_spec *spec)
{
    char text[KEY_CAP];
    int len = snprintf(text, sizeof text, "%s/%s %" PRId64, spec->service, spec->id, etcd_lease_seconds(spec));
    size_t used = len < (int)sizeof text ? (size_t)len : sizeof text - 1;
    return (int64_t)(hash_bytes(text, used) >> 1 | 1); /* positive: 0 would let etcd choose */
}

bool etcd_add_grant(struct buf *out, const struct registration_spec *spec)
{
    return buf_addf(out, "{\"ID\":\"%" PRId64 "\",\"TTL\":\"%" PRId64 "\"}", etcd_lease_id(spec),
                    etcd_lease_seconds(spec));
}

bool etcd_add_lease(struct buf *out, const struct registration_spec *spec)
{
    return buf_addf(out, "{\"ID\":\"%" PRId64 "\"}", etcd_lease_id(spec));
}

bool etcd_add_key(struct buf *out, const struct registration_spec *spec)
{
    return buf_adds(out, "{") && add_own_key(out, spec) && buf_adds(out, "}");
}

static bool add_text(struct buf *out, const char *name, const char *text)
{
    return buf_addf(out, "\"%s\":", name) && json_add_string(out, text, strlen(text));
}

static bool make_value(struct buf *value, const struct registration_spec *spec, const char *address,
                       enum instance_status status)
{
    return buf_adds(value, "{") && add_text(value, "address", address) &&
           buf_addf(value, ",\"port\":%u,\"weight\":%d,", spec->port, spec->weight) &&
           add_text(value, "version", spec->version) && buf_adds(value, ",") && add_text(value, "zone", spec->zone) &&
           buf_addf(value, ",\"status\":\"%s\"}", instance_status_name(status));
}

bool etcd_add_put(struct buf *out, const struct registration_spec *spec, const char *address,
                  enum instance_status status)
{
    struct buf value = BUF_INIT(VALUE_CAP);
    bool added = make_value(&value, spec, address, status) && buf_adds(out, "{") && add_own_key(out, spec) &&
                 buf_adds(out, ",") && add_bytes(out, "value", value.data, value.len) &&
                 buf_addf(out, ",\"lease\":\"%" PRId64 "\"}", etcd_lease_id(spec));
    buf_close(&value);
    return added;
}

static const struct buf from_the_first = BUF_INIT(0);

/* Every key that begins with "/services/<name>/" is below "/services/<name>0",
 * for '0' is the character after '/'. */
static bool add_service_keys(struct buf *out, const char *service, const struct buf *after)
{
    struct buf first = BUF_INIT(after->len + KEY_CAP), end = BUF_INIT(KEY_CAP);
    /* The least key above another is that one with a zero byte at its end. */
    bool begun = after->len ? buf_add(&first, after->data, after->len) && buf_add(&first, "", 1)
                            : buf_addf(&first, "/services/%s/", service);
    bool added = begun && buf_addf(&end, "/services/%s0", service) && add_bytes(out, "key", first.data, first.len) &&
                 buf_adds(out, ",") && add_bytes(out, "range_end", end.data, end.len);
    buf_close(&first);
    buf_close(&end);
    return added;
}

bool etcd_add_range(struct buf *out, const char *service, const struct etcd_page *page)
{
    return buf_adds(out, "{") && add_service_keys(out, service, &page->last_key) &&
           buf_addf(out, ",\"limit\":\"%d\",\"revision\":\"%" PRIu64 "\"}", ETCD_PAGE_ENTRIES, page->revision);
}

bool etcd_add_look(struct buf *out, const char *service, uint64_t revision)
{
    return buf_adds(out, "{") && add_service_keys(out, service, &from_the_first) &&
           buf_addf(out, ",\"limit\":\"1\",\"keys_only\":true,\"min_mod_revision\":\"%" PRIu64 "\"}", revision + 1);
}

bool etcd_add_watch(struct buf *out, const char *service, uint64_t revision)
{
    return buf_adds(out, "{\"create_request\":{") && add_service_keys(out, service, &from_the_first) &&
           buf_addf(out, ",\"start_revision\":\"%" PRIu64 "\"}}", revision + 1);
}

bool etcd_add_login(struct buf *out, const char *user, const char *password)
{
    return buf_adds(out, "{") && add_text(out, "name", user) && buf_adds(out, ",") &&
           add_text(out, "password", password) && buf_adds(out, "}");
}

/* --- What we hear ---------------------------------------------------------------------- */

/* A 64-bit number, in quotes as etcd writes it. 0 where it is missing or none. */
static uint64_t get_number(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    uint64_t number = 0;
    for (; text && *text; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (*text < '0' || *text > '9' || number > (UINT64_MAX - digit) / 10)
            return 0;
        number = number * 10 + digit;
    }
    return number;
}

static json_t *parse_reply_new(const char *body, size_t len, struct err *err)
{
    json_t *reply = json_parse_new(body, len, err);
    if (reply && get_number(json_object_get(reply, "header"), "revision") > 0)
        return reply;
    json_decref(reply);
    err_clear(err);
    err_set(err, ERR_PROTOCOL, "the reply is not one of etcd's");
    return NULL;
}

int etcd_parse_own(const char *body, size_t len, const struct registration_spec *spec, bool *is_ours, struct err *err)
{
    json_t *reply = parse_reply_new(body, len, err);
    if (!reply)
        return -1;
    const json_t *entry = json_array_get(json_object_get(reply, "kvs"), 0);
    *is_ours = get_number(entry, "lease") == (uint64_t)etcd_lease_id(spec);
    json_decref(reply);
    return 0;
}

int etcd_parse_keepalive(const char *body, size_t len, bool *is_alive, struct err *err)
{
    json_t *reply = json_parse_new(body, len, err);
    const json_t *result = json_object_get(reply, "result");
    bool is_answer = json_is_object(json_object_get(result, "header"));
    *is_alive = get_number(result, "TTL") > 0; /* left out, as every 0 is */
    json_decref(reply);
    if (is_answer)
        return 0;
    err_clear(err);
    return err_set(err, ERR_PROTOCOL, "the reply to a keepalive is not one of etcd's");
}

/* --- One entry --------------------------------------------------------------------------- */

/* NULL, or what is wrong with the value. The instance's text is the tree's. */
static const char *read_value(const json_t *value, struct instance *instance)
{
    const char *status;
    if (!json_is_object(value))
        return "its value is not a JSON object";
    if (!wire_text(value, "address", &instance->address))
        return "its address is not text";
    instance->port = wire_port(value, "port");
    if (instance->port == 0)
        return "its port is not 1 to 65535";
    if (!wire_weight(value, "weight", &instance->weight))
        return "its weight is not a whole number";
    if (!wire_text(value, "version", &instance->version) || !wire_text(value, "zone", &instance->zone) ||
        !wire_text(value, "status", &status))
        return "its version, zone or status is not text";
    instance->status = *status ? wire_status(status) : INSTANCE_PASSING;
    return NULL;
}

/* False only out of memory. */
static bool add_instance(struct instance_list *list, const char *id, const struct buf *value)
{
    struct err why = ERR_INIT;
    struct instance instance = {.id = id, .address = "", .zone = "", .version = "", .warning_weight = 1};
    json_t *tree = json_parse_new(buf_text(value), value->len, &why);
    const char *fault = tree ? read_value(tree, &instance) : "its value is not JSON";
    bool stored = true;
    if (fault)
        instance_list_drop(list, id, fault);
    else
        stored = instance_list_add(list, &instance);
    json_decref(tree);
    return stored;
}

/* The part of a key after "/services/<name>/"; "" where it is no such key. */
static const char *id_in(const struct buf *key, const char *service)
{
    const char *text = buf_text(key);
    size_t len = strlen(service);
    if (strlen(text) != key->len || strncmp(text, "/services/", 10) != 0 || strncmp(text + 10, service, len) != 0)
        return "";
    return text[10 + len] == '/' ? text + 10 + len + 1 : "";
}

/* Leaves the entry's key in last_key. */
static int read_entry(const json_t *entry, const char *service, struct buf *last_key, struct instance_list *list,
                      struct err *err)
{
    const json_t *key = json_object_get(entry, "key"), *text = json_object_get(entry, "value");
    buf_clear(last_key);
    if (!json_is_string(key) || !base64_decode(last_key, json_string_value(key), json_string_length(key)))
        return err_set(err, ERR_PROTOCOL, "an entry of the list has no key in base64");

    struct buf value = BUF_INIT(ENTRY_MAX_BYTES);
    const char *id = id_in(last_key, service);
    bool stored = true;
    if (!*id)
        instance_list_drop(list, "", "its key is not /services/<name>/<id>");
    else if (!json_is_string(text) || !base64_decode(&value, json_string_value(text), json_string_length(text)))
        instance_list_drop(list, id, "its value is not base64 of at most 64 KiB");
    else
        stored = add_instance(list, id, &value);
    buf_close(&value);
    return stored ? 0 : err_set(err, ERR_FAILED, "out of memory");
}

/* --- The list ------------------------------------------------------------------------------ */

static int read_entries(const json_t *entries, const char *service, struct etcd_page *page, struct instance_list *list,
                        struct err *err)
{
    size_t i;
    json_t *entry;
    json_array_foreach(entries, i, entry) {
        if (read_entry(entry, service, &page->last_key, list, err) != 0)
            return -1;
    }
    return 0;
}

int etcd_parse_page(const char *body, size_t len, const char *service, struct etcd_page *page,
                    struct instance_list *list, struct err *err)
{
    json_t *reply = parse_reply_new(body, len, err);
    if (!reply)
        return -1;
    const json_t *entries = json_object_get(reply, "kvs");
    if (page->revision == 0) {
        page->revision = get_number(json_object_get(reply, "header"), "revision");
        page->count = get_number(reply, "count");
    }
    page->more = json_is_true(json_object_get(reply, "more"));

    int status = 0;
    if ((entries && !json_is_array(entries)) || (page->more && json_array_size(entries) == 0))
        status = err_set(err, ERR_PROTOCOL, "the list is not one of etcd's");
    else
        status = read_entries(entries, service, page, list, err);
    json_decref(reply);
    return status;
}

int etcd_parse_look(const char *body, size_t len, struct registry_cursor *cursor, bool *has_news, struct err *err)
{
    json_t *reply = parse_reply_new(body, len, err);
    if (!reply)
        return -1;
    uint64_t revision = get_number(json_object_get(reply, "header"), "revision");
    /* Older than what we know: etcd was restored from a backup. */
    *has_news = revision < cursor->index || get_number(reply, "count") != cursor->count ||
                json_array_size(json_object_get(reply, "kvs")) > 0;
    cursor->index = revision;
    json_decref(reply);
    return 0;
}

bool etcd_watch_has_news(const char *message, size_t len, uint64_t revision)
{
    struct err ignored = ERR_INIT;
    json_t *tree = json_parse_new(message, len, &ignored);
    const json_t *result = json_object_get(tree, "result");
    bool is_quiet = json_is_object(result) && !json_object_get(result, "canceled") &&
                    json_array_size(json_object_get(result, "events")) == 0;
    /* Older than what we know: etcd was restored from a backup. */
    bool is_older = get_number(json_object_get(result, "header"), "revision") < revision;
    json_decref(tree);
    return !is_quiet || is_older;
}

/* --- Tokens and reasons ---------------------------------------------------------------------- */

/* A control character in a header would let a token write further headers. */
static bool is_one_word(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p <= ' ' || *p >= 0x7f)
            return false;
    return *text != '\0';
}

int etcd_parse_token(const char *body, size_t len, char *token, size_t size, struct err *err)
{
    struct err ignored = ERR_INIT;
    json_t *reply = json_parse_new(body, len, &ignored);
    const char *text = json_string_value(json_object_get(reply, "token"));
    bool fits = text && is_one_word(text) && strlen(text) < size;
    if (fits)
        snprintf(token, size, "%s", text);
    json_decref(reply);
    return fits ? 0 : err_set(err, ERR_PROTOCOL, "the reply to a login has no token");
}

void etcd_parse_reason(const char *body, size_t len, char *reason, size_t size)
{
    struct err ignored = ERR_INIT;
    json_t *reply = json_parse_new(body, len, &ignored);
    const char *text = json_string_value(json_object_get(reply, "error"));
    if (!text) /* from 3.6 on only: */
        text = json_string_value(json_object_get(reply, "message"));
    if (!text)
        text = body;
    snprintf(reason, size, "%.*s", (int)strcspn(text, "\r\n"), text);
    json_decref(reply);
}
