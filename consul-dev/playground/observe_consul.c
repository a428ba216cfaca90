/* Reads Consul's list of both services: which instances it has, and what their checks say. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "observers.h"
#include "warning.h"

enum { LIST_PERIOD_MS = 500 };

/* --- One instance ------------------------------------------------------------------------- */

static enum listing listing_of(const char *status)
{
    if (strcmp(status, "critical") == 0)
        return LISTING_CRITICAL;
    return strcmp(status, "warning") == 0 ? LISTING_WARNING : LISTING_PASSING;
}

static void set_listing(struct model *model, struct node *node, enum listing listing, const char *output)
{
    static const char *const codes[] = {"gone_from_list", "passing", "warning", "critical"};
    snprintf(node->consul_output, sizeof node->consul_output, "%s", listing == LISTING_PASSING ? "" : output);
    if (node->consul == listing)
        return;
    if (node->consul == LISTING_ABSENT)
        mark(model, "listed", node, "");
    if (node->consul != LISTING_ABSENT ||
        listing != LISTING_CRITICAL) /* a new instance is critical until its first check */
        mark(model, codes[listing], node, listing == LISTING_PASSING ? "" : output);
    node->consul = listing;
}

/* The worst of its checks. */
static const json_t *worst_check(const json_t *entry)
{
    const json_t *check, *worst = NULL;
    size_t i;
    json_array_foreach(json_object_get(entry, "Checks"), i,
                       check) if (!worst || listing_of(text_member(check, "Status")) >
                                                listing_of(text_member(worst, "Status"))) worst = check;
    return worst;
}

static bool has_check(const json_t *entry, const char *id)
{
    const json_t *check;
    size_t i;
    json_array_foreach(json_object_get(entry, "Checks"), i,
                       check) if (strcmp(text_member(check, "CheckID"), id) == 0) return true;
    return false;
}

static void read_own_checks(struct node *node, const json_t *entry)
{
    char warning[CHECK_ID_MAX], maintenance[CHECK_ID_MAX + 16];
    warning_check_id(node, warning);
    snprintf(maintenance, sizeof maintenance, "_service_maintenance:%s", node->id);
    node->warned = has_check(entry, warning);
    node->in_maintenance = has_check(entry, maintenance);
}

/* Consul writes "HTTP GET http://…: 503 Service Unavailable Output: {…}": the node's own answer says more. */
static void shorten(const char *output, char *out, size_t size)
{
    const char *end = strstr(output, " Output: ");
    snprintf(out, size, "%.*s", end ? (int)(end - output) : (int)size, output);
}

static void read_service(struct node *node, const json_t *entry)
{
    const json_t *service = json_object_get(entry, "Service"), *meta = json_object_get(service, "Meta");
    const char *address = text_member(service, "Address");
    if (!*address)
        address = text_member(json_object_get(entry, "Node"), "Address");
    snprintf(node->host, sizeof node->host, "%s", address);
    node->port = (int)json_integer_value(json_object_get(service, "Port"));
    node->weight = (int)json_integer_value(json_object_get(json_object_get(service, "Weights"), "Passing"));
    snprintf(node->version, sizeof node->version, "%s", text_member(meta, "version"));
    snprintf(node->zone, sizeof node->zone, "%s", text_member(meta, "zone"));
}

/* --- A list ------------------------------------------------------------------------------------ */

static struct node *find_in(const json_t *list, const struct node *node)
{
    const json_t *entry;
    size_t i;
    json_array_foreach(list, i, entry) if (strcmp(text_member(json_object_get(entry, "Service"), "ID"), node->id) ==
                                           0) return (struct node *)(uintptr_t)node;
    return NULL;
}

static void drop_unlisted(struct model *model, enum node_kind kind, const json_t *list)
{
    for (size_t i = model->node_count; i > 0; i--) { /* backwards: a node may be removed */
        struct node *node = model->nodes[i - 1];
        if (node->kind != kind || find_in(list, node))
            continue;
        node->warned = node->in_maintenance = false;
        set_listing(model, node, LISTING_ABSENT, "");
        observe_departure(model, node);
    }
}

static void read_list(struct model *model, enum node_kind kind, const json_t *list)
{
    const json_t *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        const char *id = text_member(json_object_get(entry, "Service"), "ID");
        struct node *node = kind == NODE_USERS ? observe_instance(model, id) : model_find(model, id);
        const json_t *check = worst_check(entry);
        char output[DETAIL_MAX];
        if (!node)
            continue;
        if (!node->process && kind == NODE_USERS)
            read_service(node, entry);
        read_own_checks(node, entry);
        shorten(text_member(check, "Output"), output, sizeof output);
        set_listing(model, node, listing_of(text_member(check, "Status")), output);
    }
    drop_unlisted(model, kind, list);
}

static void ask_list(struct model *model, enum node_kind kind, const char *path)
{
    struct err err = ERR_INIT;
    json_t *list;
    const struct node *consul = model_first(model, NODE_CONSUL);
    if (!node_is_alive(consul) || consul->process_state == PROCESS_HUNG)
        return;
    if (ask_node(model, consul, path, &list, &err) == 200)
        read_list(model, kind, list);
    json_decref(list);
}

void observe_consul(void *arg)
{
    struct model *model = arg;
    do {
        ask_list(model, NODE_USERS, "/v1/health/service/user-service");
        ask_list(model, NODE_ORDERS, "/v1/health/service/order-service");
    } while (fiber_sleep(LIST_PERIOD_MS) == 0);
}
