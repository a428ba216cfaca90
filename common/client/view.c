/* view: what the client knows and would do, for people: /discovery and
 * /discovery/explain. Looks, and changes nothing.
 *
 * The text of 10,000 instances takes longer to write than the loop may stand still.
 * So first a picture is taken, at one moment and quickly; it is put into words in
 * slices, between which everybody else has a turn, and whatever changes meanwhile is
 * not in it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/client_internal.h"
#include "loop/fiber.h"
#include "net/json.h"

enum { SLICE = 200 }; /* instances, written without a pause: about 0.2 ms */

struct upstream *client_look(struct service_client *client, const char *service, struct discovery_view *view)
{
    if (discovery_look(client->config.discovery, service, view) != 0)
        return NULL;
    struct upstream *upstream = client_upstream(client, service);
    if (upstream) {
        upstream_sync(upstream, view);
        balancer_settle(upstream->balancer, clock_ms());
    }
    return upstream;
}

const char *client_status_name(const struct balancer_peer *peer)
{
    return peer->missing ? "missing" : instance_status_name(instance_overall_status(peer->instance));
}

/* --- A picture of all instances of a service ------------------------------------------------ */

struct seen {
    const struct instance *instance;
    const char *status;
    uint64_t picks;
    bool is_ejected;
    struct obstacle obstacle;
};

struct picture {
    struct instance_list *list; /* keeps the instances alive */
    struct seen *at;
    size_t count;
};

static struct seen see(const struct balancer *balancer, const struct balancer_peer *peer, int64_t now_ms)
{
    return (struct seen){
        .instance = peer->instance,
        .status = client_status_name(peer),
        .picks = peer->picks,
        .is_ejected = outlier_is_ejected(&peer->outlier),
        .obstacle = balancer_why_not(balancer, peer, now_ms),
    };
}

/* False: out of memory. */
static bool picture_take(struct picture *picture, const struct balancer *balancer, int64_t now_ms)
{
    size_t count = balancer_count(balancer);
    *picture = (struct picture){.count = count};
    if (count == 0)
        return true;
    picture->at = malloc(count * sizeof *picture->at);
    if (!picture->at)
        return false;
    picture->list = instance_list_ref(balancer_at(balancer, 0)->list); /* that of them all */
    for (size_t i = 0; i < count; i++)
        picture->at[i] = see(balancer, balancer_at(balancer, i), now_ms);
    return true;
}

static void picture_close(struct picture *picture)
{
    instance_list_unref(picture->list);
    free(picture->at);
}

static bool add_string(struct buf *out, const char *text)
{
    return json_add_string(out, text, strlen(text));
}

static bool add_string_or_null(struct buf *out, const char *text)
{
    return text ? add_string(out, text) : buf_adds(out, "null");
}

static const char *bool_name(bool value)
{
    return value ? "true" : "false";
}

/* --- /discovery ------------------------------------------------------------------------------ */

static bool add_seen(struct buf *out, const struct seen *seen)
{
    const struct instance *instance = seen->instance;
    return buf_adds(out, "{\"id\":") && add_string(out, instance->id) && buf_adds(out, ",\"address\":") &&
           add_string(out, instance->address) &&
           buf_addf(out, ",\"port\":%u,\"weight\":%d,\"zone\":", instance->port, instance->weight) &&
           add_string(out, instance->zone) &&
           buf_addf(out, ",\"status\":\"%s\",\"ejected\":%s,\"picks\":%" PRIu64 "}", seen->status,
                    bool_name(seen->is_ejected), seen->picks);
}

static bool add_instances(struct buf *out, const struct picture *picture)
{
    bool added = buf_adds(out, "[");
    for (size_t i = 0; added && i < picture->count; i++) {
        if (i % SLICE == SLICE - 1)
            fiber_yield();
        added = (i == 0 || buf_adds(out, ",")) && add_seen(out, &picture->at[i]);
    }
    return added && buf_adds(out, "]");
}

static bool add_service(struct buf *out, const struct balancer *balancer, const struct discovery_view *view)
{
    struct picture picture;
    bool added = picture_take(&picture, balancer, clock_ms()) && buf_adds(out, "{\"source\":") &&
                 add_string(out, view->list ? view->source : "none") &&
                 buf_addf(out, ",\"age_ms\":%" PRId64 ",\"index\":%" PRIu64 ",\"last_error\":", view->age_ms,
                          view->index) &&
                 add_string_or_null(out, view->last_error) &&
                 buf_addf(out, ",\"panic\":%s,\"instances\":", bool_name(balancer_in_panic(balancer))) &&
                 add_instances(out, &picture) && buf_adds(out, "}");
    picture_close(&picture);
    return added;
}

int service_client_view(struct service_client *client, struct buf *out)
{
    bool added = buf_adds(out, "{\"services\":{");
    const char *comma = "";
    for (size_t i = 0; added && i < discovery_count(client->config.discovery); i++) {
        struct discovery_view view;
        const char *service = discovery_service(client->config.discovery, i);
        const struct upstream *upstream = client_look(client, service, &view);
        if (!upstream)
            continue;
        added = buf_adds(out, comma) && add_string(out, service) && buf_adds(out, ":") &&
                add_service(out, upstream->balancer, &view);
        comma = ",";
    }
    return added && buf_adds(out, "}}") ? 0 : -1;
}

/* --- /discovery/explain ------------------------------------------------------------------------ */

static bool add_passed_over(struct buf *out, const char *zone, const struct picture *picture)
{
    bool added = buf_adds(out, "[");
    const char *comma = "";
    for (size_t i = 0; added && i < picture->count; i++) {
        const struct seen *seen = &picture->at[i];
        char text[640];
        if (i % SLICE == SLICE - 1)
            fiber_yield();
        if (seen->obstacle.kind == OBSTACLE_NONE)
            continue;
        obstacle_text(seen->obstacle, seen->instance, zone, text, sizeof text);
        added = buf_addf(out, "%s{\"id\":", comma) && add_string(out, seen->instance->id) &&
                buf_adds(out, ",\"reason\":") && add_string(out, text) && buf_adds(out, "}");
        comma = ",";
    }
    return added && buf_adds(out, "]");
}

int service_client_explain(struct service_client *client, const char *service, const char *key, struct buf *out,
                           struct err *err)
{
    struct discovery_view view;
    const struct upstream *upstream = client_look(client, service, &view);
    if (!upstream)
        return err_set(err, ERR_NOT_FOUND, "%.100s is not watched", service);
    int64_t now_ms = clock_ms();
    struct picture picture;
    const struct balance_request request = {.key = key};
    const struct balancer_peer *next = balancer_peek(upstream->balancer, &request, now_ms);
    bool added = picture_take(&picture, upstream->balancer, now_ms) && buf_adds(out, "{\"tier\":") &&
                 add_string(out, view.list ? view.source : "none") && buf_adds(out, ",\"instance\":") &&
                 add_string_or_null(out, next ? next->instance->id : NULL) && buf_adds(out, ",\"passed_over\":") &&
                 add_passed_over(out, client->zone, &picture) && buf_adds(out, "}");
    picture_close(&picture);
    return added ? 0 : err_set(err, ERR_BUSY, "out of memory");
}
