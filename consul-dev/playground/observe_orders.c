/* Reads what order-service knows: GET /discovery, and which instance the next call would get and why. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "observers.h"

enum {
    KNOWLEDGE_PERIOD_MS = 200,
    KNOWLEDGE_PER_NODE_MS =
        8, /* with 50 instances a question costs more, so there are fewer: order-service must not notice */
};

/* --- One instance --------------------------------------------------------------------------- */

static enum listing listing_of(const char *status)
{
    static const char *const names[] = {"", "passing", "warning", "critical", "missing"};
    for (int i = LISTING_PASSING; i <= LISTING_MISSING; i++)
        if (strcmp(status, names[i]) == 0)
            return (enum listing)i;
    return LISTING_ABSENT;
}

static void set_known(struct model *model, struct node *node, enum listing listing, bool ejected)
{
    if (listing == LISTING_MISSING && node->orders != LISTING_MISSING)
        mark(model, "missing", node, "");
    if (ejected != node->ejected)
        mark(model, ejected ? "ejected" : "back", node, "");
    node->orders = listing;
    node->ejected = ejected;
}

static void read_address(struct node *node, const json_t *entry)
{
    snprintf(node->host, sizeof node->host, "%s", text_member(entry, "address"));
    node->port = (int)json_integer_value(json_object_get(entry, "port"));
    node->weight = (int)json_integer_value(json_object_get(entry, "weight"));
    snprintf(node->zone, sizeof node->zone, "%s", text_member(entry, "zone"));
}

/* True: the shares must be counted anew, because the list has changed, or who can be picked. */
static bool read_instance(struct model *model, const json_t *entry)
{
    struct node *node = observe_instance(model, text_member(entry, "id"));
    if (!node)
        return false;
    if (!node->process && node->port == 0)
        read_address(node, entry);
    enum listing before = node->orders;
    bool was_ejected = node->ejected;
    int64_t picks = json_integer_value(json_object_get(entry, "picks"));
    bool restarted = picks < node->picks;
    set_known(model, node, listing_of(text_member(entry, "status")), json_is_true(json_object_get(entry, "ejected")));
    node->picks = picks;
    if (restarted)
        node->picks_before = 0;
    return before != node->orders || was_ejected != node->ejected;
}

static bool is_in(const json_t *instances, const char *id)
{
    const json_t *entry;
    size_t i;
    json_array_foreach(instances, i, entry) if (strcmp(text_member(entry, "id"), id) == 0) return true;
    return false;
}

static void read_instances(struct model *model, const json_t *instances)
{
    const json_t *entry;
    size_t i;
    bool changed = false;
    json_array_foreach(instances, i, entry) changed |= read_instance(model, entry);
    for (size_t n = model->node_count; n > 0; n--) { /* backwards: a node may be removed */
        struct node *node = model->nodes[n - 1];
        if (node->kind != NODE_USERS || is_in(instances, node->id))
            continue;
        changed |= node->orders != LISTING_ABSENT;
        node->orders = LISTING_ABSENT;
        node->ejected = false;
        observe_departure(model, node);
    }
    if (changed)
        model_restart_shares(model);
}

/* --- The list as a whole ------------------------------------------------------------------------ */

static void set_source(struct model *model, const char *source)
{
    struct knowledge *known = &model->knowledge;
    char change[48];
    snprintf(change, sizeof change, "%s -> %s", known->source, source);
    if (*known->source && strcmp(known->source, source) != 0)
        mark(model, strcmp(source, "cache") == 0 ? "stale" : "source", model_first(model, NODE_ORDERS), change);
    snprintf(known->source, sizeof known->source, "%s", source);
}

static void set_panic(struct model *model, bool panic)
{
    if (panic != model->knowledge.panic)
        mark(model, panic ? "panic" : "panic_over", model_first(model, NODE_ORDERS), "");
    model->knowledge.panic = panic;
}

static void read_discovery(struct model *model, const json_t *body)
{
    struct knowledge *known = &model->knowledge;
    void *first = json_object_iter(json_object_get(body, "services"));
    const json_t *service = json_object_iter_value(first);
    if (!service)
        return;
    known->known = true;
    known->age_ms = json_integer_value(json_object_get(service, "age_ms"));
    known->at_ms = clock_ms();
    snprintf(known->last_error, sizeof known->last_error, "%s", text_member(service, "last_error"));
    set_source(model, text_member(service, "source"));
    set_panic(model, json_is_true(json_object_get(service, "panic")));
    read_instances(model, json_object_get(service, "instances"));
}

static void read_explanation(struct model *model, const json_t *body)
{
    struct knowledge *known = &model->knowledge;
    const json_t *entry;
    size_t i;
    snprintf(known->next, sizeof known->next, "%s", text_member(body, "instance"));
    snprintf(known->tier, sizeof known->tier, "%s", text_member(body, "tier"));
    buf_clear(&known->passed_over);
    buf_adds(&known->passed_over, "[");
    json_array_foreach(json_object_get(body, "passed_over"), i, entry)
    {
        const char *id = text_member(entry, "id"), *reason = text_member(entry, "reason");
        buf_adds(&known->passed_over, i ? ",{\"id\":" : "{\"id\":");
        json_add_string(&known->passed_over, id, strlen(id));
        buf_adds(&known->passed_over, ",\"reason\":");
        json_add_string(&known->passed_over, reason, strlen(reason));
        buf_adds(&known->passed_over, "}");
    }
    buf_adds(&known->passed_over, "]");
}

/* --- The fiber ---------------------------------------------------------------------------------- */

static int64_t period(const struct model *model)
{
    int64_t all = (int64_t)model->node_count * KNOWLEDGE_PER_NODE_MS;
    return all > KNOWLEDGE_PERIOD_MS ? all : KNOWLEDGE_PERIOD_MS;
}

/* While it drains it is not asked: it waits until requests stop. */
static bool can_be_asked(const struct node *orders)
{
    return orders->process_state == PROCESS_RUNNING || orders->process_state == PROCESS_UNKNOWN;
}

static int ask(struct model *model, const char *path, void (*read)(struct model *, const json_t *))
{
    struct err err = ERR_INIT;
    json_t *body;
    int status = ask_node(model, model_first(model, NODE_ORDERS), path, &body, &err);
    if (status == 200)
        read(model, body);
    json_decref(body);
    return status == 200 ? 0 : -1;
}

static void forget(struct model *model)
{
    model->knowledge.known = false;
    for (size_t i = 0; i < model->node_count; i++) {
        model->nodes[i]->orders = LISTING_ABSENT;
        model->nodes[i]->ejected = false;
    }
}

void observe_orders(void *arg)
{
    struct model *model = arg;
    do {
        char path[96];
        snprintf(path, sizeof path, "/discovery/explain?service=user-service&key=%s",
                 strcmp(model->load.key, "random") == 0 ? "1" : model->load.key);
        if (!can_be_asked(model_first(model, NODE_ORDERS)) || ask(model, "/discovery", read_discovery) != 0 ||
            ask(model, path, read_explanation) != 0)
            forget(model);
    } while (fiber_sleep(period(model)) == 0);
}
