/* call_metrics: how long calls took, for each instance and what came of them.
 *
 * OpenTelemetry's http.client.request.duration ("Semantic conventions for HTTP
 * metrics"), whose labels name the server by address and port. Instances come
 * and go, so these would pile up without end: those of instances that are not
 * listed any more are forgotten when somebody looks, and there are never more
 * than a few hundred; beyond that, calls are counted under the address "_OTHER".
 */
#ifndef CLIENT_CALL_METRICS_H
#define CLIENT_CALL_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "balance/balancer.h"
#include "base/buf.h"
#include "client/service_client.h"

enum {
    CALL_SERIES_MAX = 256, /* a page of 1 MB, 4,352 series to Prometheus */
    CALL_BUCKETS = 256,
};

/* Zero-initialise. */
struct call_metrics {
    struct call_series *buckets[CALL_BUCKETS]; /* by address and port */
    size_t count;
    struct call_series *others;
};

struct call_result {
    const struct instance *instance;
    int status; /* 0: none came */
    enum service_outcome outcome;
    int64_t duration_us;
};

void call_metrics_add(struct call_metrics *metrics, const struct call_result *result);
/* Forgets instances that are not the balancer's. */
void call_metrics_prune(struct call_metrics *metrics, const struct balancer *balancer);
/* Their lines; the head, once for all services, is the caller's. */
void call_metrics_write(const struct call_metrics *metrics, const char *service, struct buf *out);
void call_metrics_close(struct call_metrics *metrics);

#endif
