/* upstream: a service that this client calls, with its balancers, its retry budget and
 * its counters. Private to this folder. */
#ifndef CLIENT_UPSTREAM_H
#define CLIENT_UPSTREAM_H

#include "balance/sides.h"
#include "client/call_metrics.h"
#include "client/retry_budget.h"
#include "client/service_call.h"
#include "discovery/discovery.h"

struct upstream {
    char *service;
    struct sides sides;
    uint64_t version; /* of the list that the balancers have */
    struct retry_budget budget;
    uint64_t calls[SERVICE_OUTCOMES], retries, retries_refused;
    uint64_t backups, backups_won, backups_refused;
    struct call_metrics attempts;
    struct upstream *next;
};

/* All upstreams of a client. */
struct upstreams {
    struct discovery *discovery;
    struct balancer_config balancer; /* of each upstream; its texts are copies */
    struct route route;              /* of each upstream; its texts are borrowed */
    struct upstream *first;
};

/* The texts of `balancer` are copied. 0, or -1: out of memory. */
int upstreams_init(struct upstreams *upstreams, struct discovery *discovery, const struct balancer_config *balancer,
                   const struct route *route);
void upstreams_close(struct upstreams *upstreams);

/* The upstream of a service, created by its first use. NULL: out of memory. */
struct upstream *upstream_get(struct upstreams *upstreams, const char *service);
/* For the upstreams that exist and those to come. 0, or -1: out of memory, and nothing has changed for at least one. */
int upstreams_set_policy(struct upstreams *upstreams, enum balance_policy policy);
int upstreams_set_canary(struct upstreams *upstreams, const struct canary *canary);
/* Gives the balancers the list of `view`, unless it has this version already. */
void upstream_sync(struct upstream *upstream, const struct discovery_view *view);

/* The upstream of a service with the newest list, for views and metrics; never waits.
 * NULL: the service is not watched, or out of memory. */
struct upstream *upstream_look(struct upstreams *upstreams, const char *service, struct discovery_view *view);
/* "passing", "warning", "critical", "missing" */
const char *upstream_status_name(const struct balancer_peer *peer);

#endif
