#include "client/view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "net/json.h"

/* Writing 10,000 instances takes longer than the event loop may be blocked (10 ms). So a
 * snapshot is taken first, at one moment, without waiting. It is then written in slices,
 * with fiber_yield() between them: other fibers run, and their changes are not in it. */
enum { SLICE = 200 }; /* instances, about 0.2 ms */

/* --- Snapshot ------------------------------------------------------------------------ */

struct entry {
    const struct instance *instance;
    const char *status;
    uint64_t picks;
    bool is_ejected;
    struct obstacle obstacle;
};

struct snapshot {
    struct instance_list *list; /* keeps the instances alive */
    struct entry *at;
    size_t count;
};

static struct entry entry_of(const struct balancer *balancer, const struct balancer_peer *peer, int64_t now_ms)
{
    return (struct entry){
        .instance = peer->instance,
        .status = upstream_status_name(peer),
        .picks = peer->picks,
        .is_ejected = outlier_is_ejected(&peer->outlier),
        .obstacle = balancer_why_not(balancer, peer, now_ms),
    };
}

/* False: out of memory. */
static bool snapshot_take(struct snapshot *snapshot, const struct balancer *balancer, int64_t now_ms)
{
    size_t count = balancer_count(balancer);
    *snapshot = (struct snapshot){.count = count};
    if (count == 0)
        return true;
    snapshot->at = malloc(count * sizeof *snapshot->at);
    if (!snapshot->at)
        return false;
    snapshot->list = instance_list_ref(balancer_at(balancer, 0)->list); /* all peers have the same list */
    for (size_t i = 0; i < count; i++)
        snapshot->at[i] = entry_of(balancer, balancer_at(balancer, i), now_ms);
    return true;
}

static void snapshot_close(struct snapshot *snapshot)
{
    instance_list_unref(snapshot->list);
    free(snapshot->at);
}

/* --- JSON ---------------------------------------------------------------------------- */

/* By hand, not with jansson: the array is written in slices, so it is never one tree; and
 * one entry takes 0.5 us by hand, 1.7 us with json_pack() and json_dumpb(). json_pack()
 * also refuses text that is not UTF-8, which an error or a zone cut to length may be. */

/* Appends `before` as it is, then `text` as a JSON string. */
static bool add_text(struct buf *out, const char *before, const char *text)
{
    return buf_adds(out, before) && json_add_string(out, text, strlen(text));
}

static bool add_text_or_null(struct buf *out, const char *before, const char *text)
{
    return text ? add_text(out, before, text) : buf_adds(out, before) && buf_adds(out, "null");
}

static const char *bool_name(bool value)
{
    return value ? "true" : "false";
}

/* --- GET /discovery ------------------------------------------------------------------ */

static bool add_entry(struct buf *out, const struct entry *entry)
{
    const struct instance *instance = entry->instance;
    return add_text(out, "{\"id\":", instance->id) && add_text(out, ",\"address\":", instance->address) &&
           buf_addf(out, ",\"port\":%u,\"weight\":%d", instance->port, instance->weight) &&
           add_text(out, ",\"zone\":", instance->zone) &&
           buf_addf(out, ",\"status\":\"%s\",\"ejected\":%s,\"picks\":%" PRIu64 "}", entry->status,
                    bool_name(entry->is_ejected), entry->picks);
}

static bool add_entries(struct buf *out, const struct snapshot *snapshot)
{
    bool added = buf_adds(out, "[");
    for (size_t i = 0; added && i < snapshot->count; i++) {
        if (i % SLICE == SLICE - 1)
            fiber_yield();
        added = (i == 0 || buf_adds(out, ",")) && add_entry(out, &snapshot->at[i]);
    }
    return added && buf_adds(out, "]");
}

static bool add_service(struct buf *out, const struct balancer *balancer, const struct discovery_view *view)
{
    struct snapshot snapshot;
    bool added = snapshot_take(&snapshot, balancer, clock_ms()) &&
                 add_text(out, "{\"source\":", view->list ? view->source : "none") &&
                 buf_addf(out, ",\"age_ms\":%" PRId64 ",\"index\":%" PRIu64, view->age_ms, view->index) &&
                 add_text_or_null(out, ",\"last_error\":", view->last_error) &&
                 buf_addf(out, ",\"panic\":%s,\"instances\":", bool_name(balancer_in_panic(balancer))) &&
                 add_entries(out, &snapshot) && buf_adds(out, "}");
    snapshot_close(&snapshot);
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
        added = add_text(out, before, service) && buf_adds(out, ":") && add_service(out, upstream->balancer, &view);
        before = ",";
    }
    return added && buf_adds(out, "}}") ? 0 : -1;
}

/* --- GET /discovery/explain ---------------------------------------------------------- */

static bool add_obstacle(struct buf *out, const char *before, const struct entry *entry, const char *zone)
{
    char text[640];
    obstacle_text(entry->obstacle, entry->instance, zone, text, sizeof text);
    return buf_adds(out, before) && add_text(out, "{\"id\":", entry->instance->id) &&
           add_text(out, ",\"reason\":", text) && buf_adds(out, "}");
}

static bool add_obstacles(struct buf *out, const struct snapshot *snapshot, const char *zone)
{
    bool added = buf_adds(out, "[");
    const char *before = "";
    for (size_t i = 0; added && i < snapshot->count; i++) {
        if (i % SLICE == SLICE - 1)
            fiber_yield();
        if (snapshot->at[i].obstacle.kind == OBSTACLE_NONE)
            continue;
        added = add_obstacle(out, before, &snapshot->at[i], zone);
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
    struct snapshot snapshot;
    const struct balance_request request = {.key = key};
    const struct balancer_peer *next = balancer_peek(upstream->balancer, &request, now_ms);
    bool added = snapshot_take(&snapshot, upstream->balancer, now_ms) &&
                 add_text(out, "{\"tier\":", view.list ? view.source : "none") &&
                 add_text_or_null(out, ",\"instance\":", next ? next->instance->id : NULL) &&
                 buf_adds(out, ",\"passed_over\":") && add_obstacles(out, &snapshot, upstreams->zone) &&
                 buf_adds(out, "}");
    snapshot_close(&snapshot);
    return added ? 0 : err_set(err, ERR_BUSY, "out of memory");
}
