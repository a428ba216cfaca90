#include "registry/consul/consul_list.h"

#include <stdio.h>
#include <string.h>

#include "registry/consul/consul_wire.h"
#include "registry/wire.h"

/* ["v1","c"] -> "v1,c", valid until the next call; NULL: it is not a list of texts. A tag that exceeds the room
 * is left out. */
static const char *join_tags(const json_t *list)
{
    static char text[4096];
    size_t len = 0, i;
    json_t *tag;
    text[0] = '\0';
    json_array_foreach(list, i, tag) {
        if (!json_is_string(tag))
            return NULL;
        if (len + json_string_length(tag) + 2 <= sizeof text)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", len ? "," : "", json_string_value(tag));
    }
    return !list || json_is_null(list) || json_is_array(list) ? text : NULL;
}

/* As wire_text, for an object. *value may be NULL: jansson's getters accept that. */
static bool get_object(const json_t *object, const char *key, const json_t **value)
{
    *value = json_object_get(object, key);
    return !*value || json_is_null(*value) || json_is_object(*value);
}

static bool is_maintenance(const char *check_id)
{
    return strcmp(check_id, "_node_maintenance") == 0 || consul_is_service_maintenance(check_id);
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

static const char *read_entry(const json_t *entry, struct instance *instance)
{
    const json_t *service = json_object_get(entry, "Service"), *node, *meta, *weights;
    *instance = (struct instance){.id = "", .node = "", .address = "", .zone = "", .version = "", .tags = "",
                                  .status = INSTANCE_PASSING};
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
    instance->tags = join_tags(json_object_get(service, "Tags"));
    if (!instance->tags)
        return "its tags are not a list of texts";
    if (!get_object(service, "Weights", &weights) || !wire_weight(weights, "Passing", &instance->weight) ||
        !wire_weight(weights, "Warning", &instance->warning_weight))
        return "its weights are not whole numbers";
    if (!apply_checks(json_object_get(entry, "Checks"), instance))
        return "its checks have no status";
    return NULL;
}

int consul_list_begin(struct list_parser *parser, struct err *err)
{
    return list_parser_begin(parser, NULL, read_entry, err);
}
