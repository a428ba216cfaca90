#include "registry/consul/consul_list.h"

#include <stdlib.h>
#include <string.h>

#include "net/json.h"
#include "registry/wire.h"

enum {
    /* One entry is parsed without a pause, at about 25 ns a byte: this keeps it under 10 ms. Consul allows
     * 40 KB of metadata and 4 KB of output for each check. */
    ENTRY_MAX_BYTES = 256 * 1024,
    /* More entries with any content do not fit into the 32 MB that a list may have. This bounds the work on a
     * flood of tiny entries. */
    ENTRIES_MAX = 100 * 1000,
};

/* --- One entry ----------------------------------------------------------------------------- */

/* As wire_text, for an object. *value may be NULL: jansson's getters accept that. */
static bool get_object(const json_t *object, const char *key, const json_t **value)
{
    *value = json_object_get(object, key);
    return !*value || json_is_null(*value) || json_is_object(*value);
}

static bool is_maintenance(const char *check_id)
{
    return strcmp(check_id, "_node_maintenance") == 0 ||
           strncmp(check_id, "_service_maintenance:", strlen("_service_maintenance:")) == 0;
}

/* The instance's status is the worst of all its checks, the node's and the service's. */
static bool apply_check(const json_t *check, struct instance *instance)
{
    const char *id, *word;
    if (!wire_text(check, "CheckID", &id) || !wire_text(check, "Status", &word) || !*word)
        return false;
    enum instance_status status = wire_status(word);
    if (is_maintenance(id)) {
        instance->maintenance |= status == INSTANCE_CRITICAL;
        return true;
    }
    if (strcmp(id, "serfHealth") == 0)
        instance->node_down |= status == INSTANCE_CRITICAL;
    if (status > instance->status)
        instance->status = status;
    return true;
}

static bool apply_checks(const json_t *checks, struct instance *instance)
{
    size_t i;
    json_t *check;
    json_array_foreach(checks, i, check) {
        if (!apply_check(check, instance))
            return false;
    }
    return !checks || json_is_null(checks) || json_is_array(checks);
}

/* NULL, or why the entry cannot be used. The instance's text is borrowed from the entry. */
static const char *read_entry(const json_t *entry, struct instance *instance)
{
    const json_t *service = json_object_get(entry, "Service"), *node, *meta, *weights;
    *instance = (struct instance){.id = "", .node = "", .address = "", .zone = "", .version = "", .status = INSTANCE_PASSING};
    if (!json_is_object(service) || !wire_text(service, "ID", &instance->id))
        return "it has no service with an id";
    if (!wire_text(service, "Address", &instance->address) || !get_object(entry, "Node", &node))
        return "its address is not text";
    if (!wire_text(node, "Node", &instance->node))
        return "its node's name is not text";
    instance->change = wire_index(service, "ModifyIndex");
    if (!*instance->address && !wire_text(node, "Address", &instance->address))
        return "its node's address is not text";

    instance->port = wire_port(service, "Port");
    if (instance->port == 0)
        return "its port is not 1 to 65535";

    if (!get_object(service, "Meta", &meta) || !wire_text(meta, "zone", &instance->zone) ||
        !wire_text(meta, "version", &instance->version))
        return "its metadata is not text";
    if (!get_object(service, "Weights", &weights) || !wire_weight(weights, "Passing", &instance->weight) ||
        !wire_weight(weights, "Warning", &instance->warning_weight))
        return "its weights are not whole numbers";
    if (!apply_checks(json_object_get(entry, "Checks"), instance))
        return "its checks have no status";
    return NULL;
}

/* --- Splitting the reply into entries --------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The number of bytes that belong to the entry: up to the comma or bracket after it. Does not check that
 * brackets match: jansson, which parses the entry, does. */
static size_t scan_entry(struct consul_list_parser *parser, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];
        if (parser->after_backslash)
            parser->after_backslash = false;
        else if (c == '"')
            parser->in_string = !parser->in_string;
        else if (parser->in_string)
            parser->after_backslash = c == '\\';
        else if (c == '{' || c == '[')
            parser->depth++;
        else if (parser->depth == 0 && (c == ',' || c == ']'))
            return i;
        else if (c == '}' || c == ']')
            parser->depth--;
    }
    return len;
}

/* False only if out of memory. */
static bool keep_bytes(struct consul_list_parser *parser, const char *bytes, size_t len)
{
    parser->entry_len += len;
    if (parser->skim || parser->entry_len > ENTRY_MAX_BYTES)
        return true;
    return buf_add(&parser->entry, bytes, len);
}

/* --- The list ---------------------------------------------------------------------------------- */

static int fail_incomplete(struct err *err)
{
    return err_set(err, ERR_PROTOCOL, "the list is not a whole JSON array");
}

static int fail_out_of_memory(struct err *err)
{
    return err_set(err, ERR_FAILED, "out of memory");
}

static int add_entry(struct instance_list *list, const struct buf *text, struct err *err)
{
    struct err why = ERR_INIT;
    json_t *entry = json_parse_new(buf_text(text), text->len, &why);
    if (!entry && why.code == ERR_TOO_LARGE) { /* valid JSON, but with a number or text that we cannot hold */
        instance_list_drop(list, "", why.text);
        return 0;
    }
    if (!entry)
        return err_set(err, ERR_PROTOCOL, "the list is not JSON: %s", why.text);

    struct instance instance;
    const char *fault = read_entry(entry, &instance);
    bool stored = true;
    if (fault)
        instance_list_drop(list, instance.id, fault);
    else
        stored = instance_list_add(list, &instance);
    json_decref(entry);
    return stored ? 0 : fail_out_of_memory(err);
}

static int end_entry(struct consul_list_parser *parser, char end, struct err *err)
{
    int status = 0;
    parser->place = end == ']' ? CONSUL_LIST_AFTER : CONSUL_LIST_INSIDE;
    if (parser->entry_len == 0) /* no bytes: valid only in an empty list */
        return end == ']' && parser->entries == 0 ? 0 : fail_incomplete(err);
    if (++parser->entries > ENTRIES_MAX)
        return err_set(err, ERR_TOO_LARGE, "the list is too large: over %d entries", ENTRIES_MAX);

    if (parser->entry_len > ENTRY_MAX_BYTES)
        instance_list_drop(parser->list, "", "its entry is over 256 KiB");
    else if (!parser->skim)
        status = add_entry(parser->list, &parser->entry, err);
    parser->entry_len = 0;
    buf_clear(&parser->entry);
    return status;
}

int consul_list_begin(struct consul_list_parser *parser, struct err *err)
{
    *parser = (struct consul_list_parser){.entry = BUF_INIT(ENTRY_MAX_BYTES)};
    parser->list = instance_list_new();
    return parser->list ? 0 : fail_out_of_memory(err);
}

int consul_list_feed(struct consul_list_parser *parser, const char *bytes, size_t len, struct err *err)
{
    const char *end = bytes + len;
    while (bytes < end) {
        if (parser->entry_len == 0 && is_space(*bytes)) {
            bytes++;
        } else if (parser->place == CONSUL_LIST_INSIDE) {
            size_t taken = scan_entry(parser, bytes, (size_t)(end - bytes));
            if (!keep_bytes(parser, bytes, taken))
                return fail_out_of_memory(err);
            bytes += taken;
            if (bytes < end && end_entry(parser, *bytes++, err) != 0)
                return -1;
        } else if (parser->place == CONSUL_LIST_BEFORE && *bytes == '[') {
            parser->place = CONSUL_LIST_INSIDE;
            bytes++;
        } else {
            return fail_incomplete(err);
        }
    }
    return 0;
}

int consul_list_end(struct consul_list_parser *parser, struct instance_list **list, struct err *err)
{
    *list = NULL;
    if (parser->place != CONSUL_LIST_AFTER)
        return fail_incomplete(err);
    if (parser->skim)
        return 0;
    if (parser->entries > 0 && parser->list->count == 0)
        return err_set(err, ERR_PROTOCOL, "no entry of the list can be used: %s", parser->list->dropped_why);
    instance_list_finish(parser->list);
    *list = parser->list;
    parser->list = NULL;
    return 0;
}

void consul_list_close(struct consul_list_parser *parser)
{
    buf_close(&parser->entry);
    instance_list_unref(parser->list);
    parser->list = NULL;
}
