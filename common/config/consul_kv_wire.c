#include "config/consul_kv_wire.h"

#include <string.h>

#include "base/buf.h"
#include "net/json.h"
#include "registry/base64.h"

static int add_decoded(struct config_entries *entries, const char *name, const char *base64, struct err *err)
{
    struct buf value = BUF_INIT(strlen(base64));
    int rc = 0;
    if (!base64_decode(&value, base64, strlen(base64)))
        rc = err_set(err, ERR_PROTOCOL, "the value of %.60s is not base64", name);
    else if (config_entries_add(entries, name, buf_text(&value), value.len) != 0)
        rc = err_set(err, ERR_BUSY, "out of memory");
    buf_close(&value);
    return rc;
}

/* A key without a value has null. */
static int read_entry(const json_t *entry, const char *folder, struct config_entries *entries, struct err *err)
{
    const char *key = json_string_value(json_object_get(entry, "Key"));
    const json_t *value = json_object_get(entry, "Value");
    size_t folder_len = strlen(folder);
    if (!key || strncmp(key, folder, folder_len) != 0)
        return err_set(err, ERR_PROTOCOL, "an entry has no key below %s", folder);
    if (!json_is_string(value) && !json_is_null(value))
        return err_set(err, ERR_PROTOCOL, "the value of %.60s is not text", key);
    if (key[strlen(key) - 1] == '/')
        return 0;
    return add_decoded(entries, key + folder_len, json_is_string(value) ? json_string_value(value) : "", err);
}

int consul_kv_parse(const char *body, size_t len, const char *folder, struct config_entries *entries,
                    struct err *err)
{
    json_t *list = json_parse_new(body, len, err);
    if (!list)
        return err_prefix(err, "the reply is not JSON");
    int rc = 0;
    size_t i;
    json_t *entry;
    if (!json_is_array(list))
        rc = err_set(err, ERR_PROTOCOL, "the reply is no list of keys");
    json_array_foreach(list, i, entry) {
        if (rc == 0)
            rc = read_entry(entry, folder, entries, err);
    }
    json_decref(list);
    return rc;
}
