#include "registry/etcd/etcd_wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "net/json.h"
#include "registry/base64.h"
#include "registry/wire.h"

enum {
    KEY_CAP = 1024,              /* bytes of our own key */
    VALUE_CAP = 4 * 1024,        /* bytes of our own value */
    ENTRY_MAX_BYTES = 64 * 1024, /* bytes of any value in a list: parsed without a pause, at about 25 ns a byte */
};

/* --- Bodies of requests ---------------------------------------------------------------
 *
 * json_pack takes over each reference that a format "o" names, also when it fails. */

static json_t *base64_new(const void *bytes, size_t len)
{
    struct buf text = BUF_INIT(len * 2 + 4);
    json_t *value = base64_encode(&text, bytes, len) ? json_stringn(buf_text(&text), text.len) : NULL;
    buf_close(&text);
    return value;
}

static json_t *own_key_new(const struct registration_spec *spec)
{
    struct buf key = BUF_INIT(KEY_CAP);
    json_t *value = NULL;
    if (buf_addf(&key, "/services/%s/%s", spec->service, spec->id))
        value = base64_new(key.data, key.len);
    buf_close(&key);
    return value;
}

/* 64-bit numbers are in quotes. */
static json_t *signed_new(int64_t number)
{
    return json_sprintf("%" PRId64, number);
}

static json_t *unsigned_new(uint64_t number)
{
    return json_sprintf("%" PRIu64, number);
}

int64_t etcd_lease_seconds(const struct registration_spec *spec)
{
    return (3 * spec->check_interval_ms + 999) / 1000;
}

/* The hash includes the lease's length, because an existing lease keeps the length that it was granted with. */
int64_t etcd_lease_id(const struct registration_spec *spec)
{
    char text[KEY_CAP];
    int len = snprintf(text, sizeof text, "%s/%s %" PRId64, spec->service, spec->id, etcd_lease_seconds(spec));
    size_t used = len < (int)sizeof text ? (size_t)len : sizeof text - 1;
    return (int64_t)(hash_bytes(text, used) >> 1 | 1); /* positive: 0 would let etcd choose */
}

bool etcd_add_grant(struct buf *out, const struct registration_spec *spec)
{
    return json_add_take(out, json_pack("{s:o, s:o}",
                                        "ID", signed_new(etcd_lease_id(spec)),
                                        "TTL", signed_new(etcd_lease_seconds(spec))));
}

bool etcd_add_lease(struct buf *out, const struct registration_spec *spec)
{
    return json_add_take(out, json_pack("{s:o}", "ID", signed_new(etcd_lease_id(spec))));
}

bool etcd_add_key(struct buf *out, const struct registration_spec *spec)
{
    return json_add_take(out, json_pack("{s:o}", "key", own_key_new(spec)));
}

/* A fourth word for the status. Callers that do not know it take it for critical. */
static const char maintenance_word[] = "maintenance";

/* Writes the members that read_value() reads. To add a member, add it to both functions. */
static json_t *value_new(const struct registration_spec *spec, const char *address, enum instance_status status)
{
    struct buf text = BUF_INIT(VALUE_CAP);
    json_t *members = json_pack("{s:o, s:i, s:i, s:o, s:o, s:s, s:o}",
                                "address", json_text_new(address),
                                "port", spec->port,
                                "weight", spec->weight,
                                "version", json_text_new(spec->version),
                                "zone", json_text_new(spec->zone),
                                "status", spec->maintenance == MAINTENANCE_ON ? maintenance_word
                                                                              : instance_status_name(status),
                                "tags", json_text_new(spec->tags));
    json_t *value = json_add_take(&text, members) ? base64_new(text.data, text.len) : NULL;
    buf_close(&text);
    return value;
}

bool etcd_add_put(struct buf *out, const struct registration_spec *spec, const char *address,
                  enum instance_status status)
{
    return json_add_take(out, json_pack("{s:o, s:o, s:o}",
                                        "key", own_key_new(spec),
                                        "value", value_new(spec, address, status),
                                        "lease", signed_new(etcd_lease_id(spec))));
}

/* The first key of the list, or of the page after last_key. The next possible key after a key is the same
 * key with a zero byte at its end. */
static json_t *first_key_new(const char *service, const struct buf *last_key)
{
    struct buf key = BUF_INIT(KEY_CAP + last_key->len);
    bool added = last_key->len ? buf_add(&key, last_key->data, last_key->len) && buf_add(&key, "", 1)
                               : buf_addf(&key, "/services/%s/", service);
    json_t *value = added ? base64_new(key.data, key.len) : NULL;
    buf_close(&key);
    return value;
}

/* Every key that begins with "/services/<name>/" is below "/services/<name>0", because '0' is the character
 * after '/'. */
static json_t *range_end_new(const char *service)
{
    struct buf key = BUF_INIT(KEY_CAP);
    json_t *value = buf_addf(&key, "/services/%s0", service) ? base64_new(key.data, key.len) : NULL;
    buf_close(&key);
    return value;
}

static const struct buf no_key = BUF_INIT(0);

bool etcd_add_range(struct buf *out, const char *service, const struct etcd_page *page)
{
    return json_add_take(out, json_pack("{s:o, s:o, s:o, s:o}",
                                        "key", first_key_new(service, &page->last_key),
                                        "range_end", range_end_new(service),
                                        "limit", signed_new(ETCD_PAGE_ENTRIES),
                                        "revision", unsigned_new(page->revision)));
}

bool etcd_add_change_query(struct buf *out, const char *service, uint64_t revision)
{
    return json_add_take(out, json_pack("{s:o, s:o, s:s, s:b, s:o}",
                                        "key", first_key_new(service, &no_key),
                                        "range_end", range_end_new(service),
                                        "limit", "1",
                                        "keys_only", 1,
                                        "min_mod_revision", unsigned_new(revision + 1)));
}

bool etcd_add_watch(struct buf *out, const char *service, uint64_t revision)
{
    return json_add_take(out, json_pack("{s:{s:o, s:o, s:o}}", "create_request",
                                        "key", first_key_new(service, &no_key),
                                        "range_end", range_end_new(service),
                                        "start_revision", unsigned_new(revision + 1)));
}

bool etcd_add_login(struct buf *out, const char *user, const char *password)
{
    return json_add_take(out, json_pack("{s:o, s:o}",
                                        "name", json_text_new(user),
                                        "password", json_text_new(password)));
}

/* --- Replies on registration ----------------------------------------------------------- */

/* A 64-bit number, which etcd writes in quotes. 0 if it is missing or not a number. */
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
    err_set(err, ERR_PROTOCOL, "the reply is not etcd's: it has no revision");
    return NULL;
}

/* Both texts are base64. */
static bool has_other_value(const json_t *entry, const struct buf *put)
{
    struct err ignored = ERR_INIT;
    json_t *ours = json_parse_new(buf_text(put), put->len, &ignored);
    bool differs = ours && !json_equal(json_object_get(entry, "value"), json_object_get(ours, "value"));
    json_decref(ours);
    return differs;
}

int etcd_parse_own(const char *body, size_t len, const struct registration_spec *spec, const struct buf *put,
                   const char **difference, bool *is_ours, struct err *err)
{
    json_t *reply = parse_reply_new(body, len, err);
    if (!reply)
        return -1;
    const json_t *entry = json_array_get(json_object_get(reply, "kvs"), 0);
    *difference = "";
    if (entry && get_number(entry, "lease") != (uint64_t)etcd_lease_id(spec))
        *difference = "the key is on another lease";
    else if (entry && put && has_other_value(entry, put))
        *difference = "the key has another value";
    *is_ours = entry && !**difference;
    json_decref(reply);
    return 0;
}

int etcd_parse_keepalive(const char *body, size_t len, bool *is_alive, struct err *err)
{
    json_t *reply = json_parse_new(body, len, err);
    const json_t *result = json_object_get(reply, "result");
    bool is_reply = json_is_object(json_object_get(result, "header"));
    *is_alive = get_number(result, "TTL") > 0; /* etcd leaves out every 0 */
    json_decref(reply);
    if (is_reply)
        return 0;
    err_clear(err);
    return err_set(err, ERR_PROTOCOL, "the reply to a keepalive is not etcd's: it has no header");
}

/* --- One entry --------------------------------------------------------------------------- */

/* NULL, or why the value cannot be used. The instance's text is borrowed from it. */
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
        !wire_text(value, "status", &status) || !wire_text(value, "tags", &instance->tags))
        return "its version, zone, status or tags are not text";
    instance->status = *status ? wire_status(status) : INSTANCE_PASSING;
    instance->maintenance = strcmp(status, maintenance_word) == 0;
    return NULL;
}

/* False only if out of memory. */
static bool add_instance(struct instance_list *list, const char *id, const struct buf *value)
{
    struct err why = ERR_INIT;
    struct instance instance = {.id = id, .address = "", .zone = "", .version = "", .tags = "", .warning_weight = 1};
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

/* The part of a key after "/services/<name>/"; "" if it is another key. */
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
        status = err_set(err, ERR_PROTOCOL, "the list is not etcd's");
    else
        status = read_entries(entries, service, page, list, err);
    json_decref(reply);
    return status;
}

int etcd_parse_change_reply(const char *body, size_t len, struct registry_cursor *cursor, bool *has_changed,
                            struct err *err)
{
    json_t *reply = parse_reply_new(body, len, err);
    if (!reply)
        return -1;
    uint64_t revision = get_number(json_object_get(reply, "header"), "revision");
    /* A lower revision than the last one: etcd was restored from a backup. */
    *has_changed = revision < cursor->index || get_number(reply, "count") != cursor->count ||
                json_array_size(json_object_get(reply, "kvs")) > 0;
    cursor->index = revision;
    json_decref(reply);
    return 0;
}

bool etcd_watch_has_changed(const char *message, size_t len, uint64_t revision)
{
    struct err ignored = ERR_INIT;
    json_t *tree = json_parse_new(message, len, &ignored);
    const json_t *result = json_object_get(tree, "result");
    bool is_quiet = json_is_object(result) && !json_object_get(result, "canceled") &&
                    json_array_size(json_object_get(result, "events")) == 0;
    /* A lower revision than the last one: etcd was restored from a backup. */
    bool is_older = get_number(json_object_get(result, "header"), "revision") < revision;
    json_decref(tree);
    return !is_quiet || is_older;
}

/* --- Login and errors -------------------------------------------------------------------------- */

/* A token with a control character could add headers of its own. */
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
    if (!text) /* since 3.6 */
        text = json_string_value(json_object_get(reply, "message"));
    if (!text)
        text = body;
    snprintf(reason, size, "%.*s", (int)strcspn(text, "\r\n"), text);
    json_decref(reply);
}
