/* service_client: the ServiceClient of the lesson: discover, pick, call, retry.
 *
 * A call has one deadline for all its attempts, and each attempt gets its share of the
 * time, so that a hung instance leaves time for an attempt on another instance. Each
 * attempt goes to an instance that this call has not tried. Retries have a budget
 * (retry_budget.h), so that they cannot make an overload worse. The result of each attempt
 * is reported to the balancer: an instance that fails repeatedly is ejected for a while.
 * A slow attempt may get a backup (backup.h), which counts as an attempt and draws on the
 * budget of the retries.
 */
#ifndef CLIENT_SERVICE_CLIENT_H
#define CLIENT_SERVICE_CLIENT_H

#include "balance/balancer.h"
#include "client/service_call.h"

struct service_client;
struct discovery;
struct http_client;

struct service_client_config {
    struct discovery *discovery;
    struct http_client *http;
    struct service_transport transport; /* call NULL: `http` */
    enum balance_policy policy;
    int64_t slow_start_ms; /* 0: off */
    int64_t call_timeout_ms;
    int call_attempts; /* at most SERVICE_ATTEMPTS_MAX */
    const char *id;   /* the SERVICE_ID of the caller: ties in the balancer are broken in an order of its own */
    const char *zone; /* of the caller; "" for none */
    struct route route; /* which instances are called, and which users call the canary. Its texts are borrowed */
    int64_t backup_after_ms; /* 0: no backup requests */
    size_t max_calls; /* at the same time; more calls wait; 0: no limit */
};

enum { SERVICE_ATTEMPTS_MAX = BALANCE_TRIED_MAX };

/* The parts of the config outlive the client, except id and zone, which are copied. NULL: out
 * of memory. */
struct service_client *service_client_new(const struct service_client_config *config);
/* NULL is allowed. No call may be under way. */
void service_client_free(struct service_client *client);

/* Change what the config set, for the next attempt of each call. 0, or -1: out of memory. */
int service_client_set_policy(struct service_client *client, enum balance_policy policy);
void service_client_set_call_timeout(struct service_client *client, int64_t call_timeout_ms);
int service_client_set_canary(struct service_client *client, const struct canary *canary);

/* One GET of a JSON object (only GET is retried). Waits. The caller closes the reply. */
void service_client_get(struct service_client *client, const struct service_call *call, struct service_reply *reply);

/* Appends the body of GET /discovery, {"services":{…}}. It shows one moment, although
 * other fibers run while it is written. Call it in a fiber. -1: out of memory. */
int service_client_view(struct service_client *client, struct buf *out);
/* The same for GET /discovery/explain. -1: ERR_NOT_FOUND: the service is not watched;
 * ERR_BUSY: out of memory. Changes nothing. */
int service_client_explain(struct service_client *client, const char *service, const char *key, struct buf *out,
                           struct err *err);

void service_client_metrics(struct service_client *client, struct buf *out);

#endif
