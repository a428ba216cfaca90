#include "registry/etcd/etcd_entry.h"

#include <string.h>

#include "registry/base64.h"
#include "registry/wire.h"

enum {
    VALUE_CAP = 4 * 1024,        /* bytes of our own value */
    ENTRY_MAX_BYTES = 64 * 1024, /* bytes of any value in a list: parsed without a pause, at about 25 ns a byte */
};

/* --- Keys ------------------------------------------------------------------------------ */

static json_t *base64_new(const void *bytes, size_t len)
{
    struct buf text = BUF_INIT(len * 2 + 4);
    json_t *value = base64_encode(&text, bytes, len) ? json_stringn(buf_text(&text), text.len) : NULL;
    buf_close(&text);
    return value;
}

json_t *etcd_own_key_new(const struct registration_spec *spec)
{
    struct buf key = BUF_INIT(ETCD_KEY_CAP);
    json_t *value = NULL;
    if (buf_addf(&key, "/services/%s/%s", spec->service, spec->id))
        value = base64_new(key.data, key.len);
    buf_close(&key);
    return value;
}

/* The next possible key after a key is the same key with a zero byte at its end. */
json_t *etcd_first_key_new(const char *service, const struct buf *last_key)
{
    struct buf key = BUF_INIT(ETCD_KEY_CAP + last_key->len);
    bool added = last_key->len ? buf_add(&key, last_key->data, last_key->len) && buf_add(&key, "", 1)
                               : buf_addf(&key, "/services/%s/", service);
    json_t *value = added ? base64_new(key.data, key.len) : NULL;
    buf_close(&key);
    return value;
}

/* Every key that begins with "/services/<name>/" is below "/services/<name>0", because '0' is the character
 * after '/'. */
json_t *etcd_range_end_new(const char *service)
{
    struct buf key = BUF_INIT(ETCD_KEY_CAP);
    json_t *value = buf_addf(&key, "/services/%s0", service) ? base64_new(key.data, key.len) : NULL;
    buf_close(&key);
    return value;
}

/* --- Writing the value ------------------------------------------------------------------
 *
 * json_pack takes over each reference that a format "o" names, also when it fails. */

/* A fourth word for the status. Callers that do not know it take it for critical. */
static const char maintenance_word[] = "maintenance";

/* Writes the members that read_value() reads. To add a member, add it to both functions. */
json_t *etcd_value_new(const struct registration_spec *spec, const char *address, enum instance_status status)
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

/* --- Reading an entry ------------------------------------------------------------------- */

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

int etcd_read_entry(const json_t *entry, const char *service, struct buf *last_key, struct instance_list *list,
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
