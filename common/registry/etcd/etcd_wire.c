#include "registry/etcd/etcd_wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "net/json.h"
#include "registry/etcd/etcd_entry.h"

/* --- Bodies of requests ---------------------------------------------------------------
 *
 * json_pack takes over each reference that a format "o" names, also when it fails. */

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
    char text[ETCD_KEY_CAP];
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
    return json_add_take(out, json_pack("{s:o}", "key", etcd_own_key_new(spec)));
}

bool etcd_add_put(struct buf *out, const struct registration_spec *spec, const char *address,
                  enum instance_status status)
{
    return json_add_take(out, json_pack("{s:o, s:o, s:o}",
                                        "key", etcd_own_key_new(spec),
                                        "value", etcd_value_new(spec, address, status),
                                        "lease", signed_new(etcd_lease_id(spec))));
}

static const struct buf no_key = BUF_INIT(0);

bool etcd_add_range(struct buf *out, const char *service, const struct etcd_page *page)
{
    return json_add_take(out, json_pack("{s:o, s:o, s:o, s:o}",
                                        "key", etcd_first_key_new(service, &page->last_key),
                                        "range_end", etcd_range_end_new(service),
                                        "limit", signed_new(ETCD_PAGE_ENTRIES),
                                        "revision", unsigned_new(page->revision)));
}

bool etcd_add_change_query(struct buf *out, const char *service, uint64_t revision)
{
    return json_add_take(out, json_pack("{s:o, s:o, s:s, s:b, s:o}",
                                        "key", etcd_first_key_new(service, &no_key),
                                        "range_end", etcd_range_end_new(service),
                                        "limit", "1",
                                        "keys_only", 1,
                                        "min_mod_revision", unsigned_new(revision + 1)));
}

bool etcd_add_watch(struct buf *out, const char *service, uint64_t revision)
{
    return json_add_take(out, json_pack("{s:{s:o, s:o, s:o}}", "create_request",
                                        "key", etcd_first_key_new(service, &no_key),
                                        "range_end", etcd_range_end_new(service),
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

/* --- The list ------------------------------------------------------------------------------ */

static int read_entries(const json_t *entries, const char *service, struct etcd_page *page, struct instance_list *list,
                        struct err *err)
{
    size_t i;
    json_t *entry;
    json_array_foreach(entries, i, entry) {
        if (etcd_read_entry(entry, service, &page->last_key, list, err) != 0)
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
    buf_clear(&page->last_key);
    if (entries && !json_is_array(entries))
        status = err_set(err, ERR_PROTOCOL, "the list is not etcd's");
    else
        status = read_entries(entries, service, page, list, err);
    if (status == 0 && page->more && page->last_key.len == 0) /* the next page would be the first again */
        status = err_set(err, ERR_PROTOCOL, "the list has more pages, but this one has no last key");
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
