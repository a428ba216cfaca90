#include "client/upstream.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static void upstream_free(struct upstream *upstream)
{
    balancer_free(upstream->balancer);
    call_metrics_close(&upstream->attempts);
    free(upstream->service);
    free(upstream);
}

int upstreams_init(struct upstreams *upstreams, struct discovery *discovery, const struct balancer_config *balancer)
{
    *upstreams = (struct upstreams){.discovery = discovery, .balancer = *balancer};
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
    upstream->balancer = balancer_new(&upstreams->balancer);
    if (!upstream->service || !upstream->balancer) {
        upstream_free(upstream);
        return NULL;
    }
    upstream->next = upstreams->first;
    upstreams->first = upstream;
    return upstream;
}

void upstream_sync(struct upstream *upstream, const struct discovery_view *view)
{
    if (view->list && view->version != upstream->version &&
        balancer_update(upstream->balancer, view->list, view->missing, clock_ms()) == 0)
        upstream->version = view->version;
}

struct upstream *upstream_look(struct upstreams *upstreams, const char *service, struct discovery_view *view)
{
    if (discovery_look(upstreams->discovery, service, view) != 0)
        return NULL;
    struct upstream *upstream = upstream_get(upstreams, service);
    if (upstream) {
        upstream_sync(upstream, view);
        balancer_settle(upstream->balancer, clock_ms());
    }
    return upstream;
}

const char *upstream_status_name(const struct balancer_peer *peer)
{
    return peer->missing ? "missing" : instance_status_name(instance_overall_status(peer->instance));
}
