#include "client/view.h"

#include <stdlib.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "net/json.h"

/* Writing 10,000 instances takes longer than the event loop may be blocked (10 ms). So the
 * entries are copied first, without waiting. The copies are then written in slices, with
 * fiber_yield() between them: other fibers run, but their changes are not in the copies. */
enum { SLICE = 200 }; /* instances, about 0.4 ms */

/* --- Copy the entries ---------------------------------------------------------------- */

struct entry {
    const struct instance *instance;
    const char *status;
    uint64_t picks;
    bool is_ejected;
    struct obstacle obstacle;
};

struct entries {
    struct instance_list *list; /* keeps the instances alive */
    struct entry *at;
    size_t count;
};

static struct entry entry_of(const struct sides *sides, size_t i, const char *key, int64_t now_ms)
{
    const struct balancer_peer *peer = sides_at(sides, i);
    return (struct entry){
        .instance = peer->instance,
        .status = upstream_status_name(peer),
        .picks = sides_picks(sides, i),
        .is_ejected = outlier_is_ejected(&peer->outlier),
        .obstacle = sides_why_not(sides, peer, key, now_ms),
    };
}

/* key: of the next call. False: out of memory. */
static bool entries_copy(struct entries *entries, const struct sides *sides, const char *key, int64_t now_ms)
{
    size_t count = sides_count(sides);
    *entries = (struct entries){.count = count};
    if (count == 0)
        return true;
    entries->at = malloc(count * sizeof *entries->at);
    if (!entries->at)
        return false;
    entries->list = instance_list_ref(sides_at(sides, 0)->list); /* all peers have the same list */
    for (size_t i = 0; i < count; i++)
        entries->at[i] = entry_of(sides, i, key, now_ms);
    return true;
}

static void entries_close(struct entries *entries)
{
    instance_list_unref(entries->list);
    free(entries->at);
}

/* --- GET /discovery ------------------------------------------------------------------ */

static json_t *entry_json_new(const struct entry *entry)
{
    const struct instance *instance = entry->instance;
    return json_pack("{s:o, s:o, s:i, s:i, s:o, s:s, s:b, s:I}",
                     "id", json_text_new(instance->id),
                     "address", json_text_new(instance->address),
                     "port", (int)instance->port,
                     "weight", instance->weight,
                     "zone", json_text_new(instance->zone),
                     "status", entry->status,
                     "ejected", (int)entry->is_ejected,
                     "picks", (json_int_t)entry->picks);
}

/* Writes one small JSON tree for each entry: jansson writes a tree without a pause. */
static bool add_entries(struct buf *out, const struct entries *entries)
{
    bool added = buf_adds(out, "[");
    for (size_t i = 0; added && i < entries->count; i++) {
        if (i % SLICE == SLICE - 1)
            fiber_yield();
        added = (i == 0 || buf_adds(out, ",")) && json_add_take(out, entry_json_new(&entries->at[i]));
    }
    return added && buf_adds(out, "]");
}

/* Appends `"key":value`; `before` is "{" or ",". */
static bool add_member(struct buf *out, const char *before, const char *key, json_t *value)
{
    return buf_adds(out, before) && json_add_take(out, json_text_new(key)) && buf_adds(out, ":") &&
           json_add_take(out, value);
}

static json_t *text_or_null_new(const char *text)
{
    return text ? json_text_new(text) : json_null();
}

static bool add_service(struct buf *out, const struct sides *sides, const struct discovery_view *view)
{
    struct entries entries;
    bool added = entries_copy(&entries, sides, "", clock_ms()) &&
                 add_member(out, "{", "source", json_text_new(view->list ? view->source : "none")) &&
                 add_member(out, ",", "age_ms", json_integer(view->age_ms)) &&
                 add_member(out, ",", "index", json_integer((json_int_t)view->index)) &&
                 add_member(out, ",", "last_error", text_or_null_new(view->last_error)) &&
                 add_member(out, ",", "panic", json_boolean(sides_in_panic(sides))) &&
                 buf_adds(out, ",\"instances\":") && add_entries(out, &entries) && buf_adds(out, "}");
    entries_close(&entries);
    return added;
}

int view_write(struct upstreams *upstreams, struct buf *out)
{
    bool added = buf_adds(out, "{\"services\":{");
    const char *before = "";
    for (size_t i = 0; added && i < discovery_count(upstreams->discovery); i++) {
        struct discovery_view view;
        const char *service = discovery_service(upstreams->discovery, i);
        const struct upstream *upstream = upstream_look(upstreams, service, &view);
        if (!upstream)
            continue;
        added = buf_adds(out, before) && json_add_take(out, json_text_new(service)) && buf_adds(out, ":") &&
                add_service(out, &upstream->sides, &view);
        before = ",";
    }
    return added && buf_adds(out, "}}") ? 0 : -1;
}

/* --- GET /discovery/explain ---------------------------------------------------------- */

/* What the policy has compared the next instance with is the reason for this pick. */
static void explain_compared(struct entries *entries, const struct sides *sides,
                             const struct balance_request *request, const struct balancer_peer *next)
{
    const struct balancer_peer *compared =
        next ? balancer_compared(sides_balancer_of(sides, next), request, next) : NULL;
    for (size_t i = 0; compared && i < entries->count; i++)
        if (sides_at(sides, i) == compared)
            entries->at[i].obstacle = obstacle_of_load(compared, next);
}

static json_t *obstacle_json_new(const struct entry *entry, const struct upstreams *upstreams)
{
    char text[640];
    obstacle_text(entry->obstacle, entry->instance, upstreams->balancer.zone, &upstreams->route, text, sizeof text);
    return json_pack("{s:o, s:o}", "id", json_text_new(entry->instance->id), "reason", json_text_new(text));
}

static bool add_obstacles(struct buf *out, const struct entries *entries, const struct upstreams *upstreams)
{
    bool added = buf_adds(out, "[");
    const char *before = "";
    for (size_t i = 0; added && i < entries->count; i++) {
        if (i % SLICE == SLICE - 1)
            fiber_yield();
        if (entries->at[i].obstacle.kind == OBSTACLE_NONE)
            continue;
        added = buf_adds(out, before) && json_add_take(out, obstacle_json_new(&entries->at[i], upstreams));
        before = ",";
    }
    return added && buf_adds(out, "]");
}

int view_explain(struct upstreams *upstreams, const char *service, const char *key, struct buf *out, struct err *err)
{
    struct discovery_view view;
    const struct upstream *upstream = upstream_look(upstreams, service, &view);
    if (!upstream)
        return err_set(err, ERR_NOT_FOUND, "cannot explain %.100s: this service does not call it", service);
    int64_t now_ms = clock_ms();
    struct entries entries;
    const struct balance_request request = {.key = key};
    const struct balancer_peer *next = sides_peek(&upstream->sides, &request, now_ms);
    bool copied = entries_copy(&entries, &upstream->sides, key, now_ms);
    if (copied)
        explain_compared(&entries, &upstream->sides, &request, next);
    bool added = copied && add_member(out, "{", "tier", json_text_new(view.list ? view.source : "none")) &&
                 add_member(out, ",", "instance", text_or_null_new(next ? next->instance->id : NULL)) &&
                 buf_adds(out, ",\"passed_over\":") && add_obstacles(out, &entries, upstreams) &&
                 buf_adds(out, "}");
    entries_close(&entries);
    return added ? 0 : err_set(err, ERR_BUSY, "out of memory");
}
