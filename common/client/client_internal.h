/* client_internal: what the parts of the client share. */
#ifndef CLIENT_CLIENT_INTERNAL_H
#define CLIENT_CLIENT_INTERNAL_H

#include "client/call_metrics.h"
#include "client/retry_budget.h"
#include "client/service_client.h"
#include "discovery/discovery.h"

/* One service that is called. */
struct upstream {
    char *service;
    struct balancer *balancer;
    uint64_t version; /* of the list that the balancer has */
    struct retry_budget budget;
    uint64_t calls[SERVICE_OUTCOMES], retries, retries_refused;
    struct call_metrics attempts;
    struct upstream *next;
};

struct service_client {
    struct service_client_config config;
    char *zone;
    struct upstream *upstreams;
};

/* Makes it where it is not there yet. NULL: out of memory. */
struct upstream *client_upstream(struct service_client *client, const char *service);
/* Gives the balancer the list as it is known now, where it has another. */
void upstream_sync(struct upstream *upstream, const struct discovery_view *view);

/* The upstream of a service as it is now, for looking at; made where it is not there
 * yet. NULL: the service is not watched, or out of memory. */
struct upstream *client_look(struct service_client *client, const char *service, struct discovery_view *view);
/* "passing", "warning", "critical", "missing" */
const char *client_status_name(const struct balancer_peer *peer);

/* --- attempt.c: one call of one instance ------------------------------------------ */

/* What came of it. */
struct attempt {
    enum service_outcome outcome;
    bool blames_instance; /* a failure that counts against it */
    bool may_retry;
};

/* Asks this instance, and puts what it said into the reply. Waits. */
struct attempt attempt_make(struct service_client *client, const struct service_call *call,
                            const struct instance *instance, int64_t deadline, struct service_reply *reply);

#endif
