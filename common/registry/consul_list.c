/* The list's half of consul_wire.h: a body in, instances out. */
#include <stdlib.h>
#include <string.h>

#include "net/json.h"
#include "registry/consul_wire.h"
#include "registry/wire.h"

enum {
    /* One entry is parsed without a pause, at about 25 ns a byte: this keeps it under
     * 10 ms. Consul allows 40 KB of metadata and 4 KB of output for each check. */
    ENTRY_MAX_BYTES = 256 * 1024,
};

/* --- One entry ----------------------------------------------------------------------------- */

/* As wire_text, for an object; NULL then, which jansson's getters take as empty. */
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

/* The worst of all checks, the node's and the service's. */
static bool judge_check(const json_t *check, struct instance *instance)
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

static bool judge_checks(const json_t *checks, struct instance *instance)
{
    size_t i;
    json_t *check;
    json_array_foreach(checks, i, check) {
        if (!judge_check(check, instance))
            return false;
    }
    return !checks || json_is_null(checks) || json_is_array(checks);
}

/* NULL, or what is wrong with the entry. The instance's text is the entry's. */
static const char *read_entry(const json_t *entry, struct instance *instance)
{
    const json_t *service = json_object_get(entry, "Service"), *node, *meta, *weights;
    *instance = (struct instance){.id = "", .address = "", .zone = "", .version = "", .status = INSTANCE_PASSING};
    if (!json_is_object(service) || !wire_text(service, "ID", &instance->id))
        return "it has no service with an id";
    if (!wire_text(service, "Address", &instance->address) || !get_object(entry, "Node", &node))
        return "its address is not text";
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
    if (!judge_checks(json_object_get(entry, "Checks"), instance))
        return "its checks have no status";
    return NULL;
}

/* --- Where one entry ends and the next begins ------------------------------------------------ */

static void skip_space(struct consul_list_parser *parser)
{
    while (parser->at < parser->end && strchr(" \t\r\n", *parser->at) && *parser->at)
        parser->at++;
}

static bool take_char(struct consul_list_parser *parser, char c)
{
    skip_space(parser);
    if (parser->at == parser->end || *parser->at != c)
        return false;
    parser->at++;
    return true;
}

/* Bytes up to the comma or bracket that ends the value at p. Counts brackets
 * without telling their kinds apart: jansson, which gets the piece, does. */
static size_t value_len(const char *p, const char *end)
{
    const char *start = p;
    long depth = 0;
    bool in_string = false;
    for (; p < end; p++) {
        if (*p == '"')
            in_string = !in_string;
        else if (in_string)
            p += *p == '\\' && p + 1 < end;
        else if (*p == '{' || *p == '[')
            depth++;
        else if (depth == 0 && (*p == ',' || *p == ']'))
            break;
        else if (*p == '}' || *p == ']')
            depth--;
    }
    return (size_t)((p < end ? p : end) - start);
}

static int broken(struct err *err)
{
    return err_set(err, ERR_PROTOCOL, "the list is not a whole JSON array");
}

/* --- The list ---------------------------------------------------------------------------------- */

int consul_list_begin(struct consul_list_parser *parser, const char *body, size_t len, struct err *err)
{
    *parser = (struct consul_list_parser){.at = body, .end = body + len};
    if (!take_char(parser, '['))
        return broken(err);
    parser->list = instance_list_new();
    return parser->list ? 0 : err_set(err, ERR_FAILED, "out of memory");
}

static int add_entry(struct instance_list *list, const char *text, size_t len, struct err *err)
{
    struct err why = ERR_INIT;
    if (len > ENTRY_MAX_BYTES) {
        instance_list_drop(list, "", "its entry is over 256 KiB");
        return 0;
    }
    json_t *entry = json_parse_new(text, len, &why);
    if (!entry && why.code == ERR_TOO_LARGE) { /* JSON, but with a number or text that nothing holds */
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
    return stored ? 0 : err_set(err, ERR_FAILED, "out of memory");
}

/* 1: there is more; 0: that was the last. */
static int read_next(struct consul_list_parser *parser, struct err *err)
{
    if (parser->entries == 0 && take_char(parser, ']'))
        return 0;
    skip_space(parser);
    size_t len = value_len(parser->at, parser->end);
    if (add_entry(parser->list, parser->at, len, err) != 0)
        return -1;
    parser->at += len;
    parser->entries++;
    if (take_char(parser, ','))
        return 1;
    return take_char(parser, ']') ? 0 : broken(err);
}

int consul_list_step(struct consul_list_parser *parser, size_t bytes, struct err *err)
{
    const char *start = parser->at;
    int more;
    do {
        more = read_next(parser, err);
    } while (more == 1 && (size_t)(parser->at - start) < bytes);
    if (more != 0)
        return more;
    skip_space(parser);
    return parser->at == parser->end ? 0 : broken(err);
}

struct instance_list *consul_list_take(struct consul_list_parser *parser, struct err *err)
{
    struct instance_list *list = parser->list;
    if (parser->entries > 0 && list->count == 0) {
        err_set(err, ERR_PROTOCOL, "no entry of the list can be used: %s", list->dropped_why);
        return NULL;
    }
    instance_list_finish(list);
    parser->list = NULL;
    return list;
}

void consul_list_close(struct consul_list_parser *parser)
{
    instance_list_unref(parser->list);
    parser->list = NULL;
}
