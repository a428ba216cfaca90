#include "client/upstream.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static void upstream_free(struct upstream *upstream)
{
    sides_close(&upstream->sides);
    call_metrics_close(&upstream->attempts);
    free(upstream->service);
    free(upstream);
}

int upstreams_init(struct upstreams *upstreams, struct discovery *discovery, const struct balancer_config *balancer,
                   const struct route *route)
{
    *upstreams = (struct upstreams){.discovery = discovery, .balancer = *balancer, .route = *route};
    upstreams->balancer.caller = strdup(balancer->caller);
    upstreams->balancer.zone = strdup(balancer->zone);
    return upstreams->balancer.caller && upstreams->balancer.zone ? 0 : -1;
}

void upstreams_close(struct upstreams *upstreams)
{
    while (upstreams->first) {
        struct upstream *upstream = upstreams->first;
        upstreams->first = upstream->next;
        upstream_free(upstream);
    }
    free((char *)upstreams->balancer.caller);
    free((char *)upstreams->balancer.zone);
}

struct upstream *upstream_get(struct upstreams *upstreams, const char *service)
{
    struct upstream *upstream = upstreams->first;
    while (upstream && strcmp(upstream->service, service) != 0)
        upstream = upstream->next;
    if (upstream || !(upstream = calloc(1, sizeof *upstream)))
        return upstream;

    upstream->service = strdup(service);
    if (sides_init(&upstream->sides, &upstreams->balancer, &upstreams->route) != 0 || !upstream->service) {
        upstream_free(upstream);
        return NULL;
    }
    upstream->next = upstreams->first;
    upstreams->first = upstream;
    return upstream;
}

int upstreams_set_canary(struct upstreams *upstreams, const struct canary *canary)
{
    upstreams->route.canary = *canary;
    for (struct upstream *upstream = upstreams->first; upstream; upstream = upstream->next) {
        if (sides_set_canary(&upstream->sides, canary, clock_ms()) != 0)
            return -1;
        upstream->version = 0;
    }
    return 0;
}

int upstreams_set_policy(struct upstreams *upstreams, enum balance_policy policy)
{
    for (struct upstream *upstream = upstreams->first; upstream; upstream = upstream->next)
        if (sides_set_policy(&upstream->sides, policy, clock_ms()) != 0)
            return -1;
    upstreams->balancer.policy = policy;
    return 0;
}

void upstream_sync(struct upstream *upstream, const struct discovery_view *view)
{
    if (view->list && view->version != upstream->version &&
        sides_update(&upstream->sides, view->list, view->missing, clock_ms()) == 0)
        upstream->version = view->version;
}

struct upstream *upstream_look(struct upstreams *upstreams, const char *service, struct discovery_view *view)
{
    if (discovery_look(upstreams->discovery, service, view) != 0)
        return NULL;
    struct upstream *upstream = upstream_get(upstreams, service);
    if (upstream) {
        upstream_sync(upstream, view);
        sides_settle(&upstream->sides, clock_ms());
    }
    return upstream;
}

const char *upstream_status_name(const struct balancer_peer *peer)
{
    return peer->missing ? "missing" : instance_status_name(instance_overall_status(peer->instance));
}
