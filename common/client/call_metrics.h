/* call_metrics: the duration of attempts, by instance, status and outcome.
 *
 * The metric is http.client.request.duration of OpenTelemetry ("Semantic conventions for
 * HTTP metrics"), whose labels name the server by address and port. Instances come and
 * go, so the number of series must be limited: pruning removes those of instances that
 * are no longer listed, and attempts beyond CALL_SERIES_MAX series are counted under the
 * address "_OTHER".
 */
#ifndef CLIENT_CALL_METRICS_H
#define CLIENT_CALL_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "balance/balancer.h"
#include "base/buf.h"
#include "client/service_call.h"

enum {
    CALL_SERIES_MAX = 256, /* histograms: a page of 1 MB, 4,352 series in Prometheus */
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
    int status; /* 0: no reply */
    enum service_outcome outcome;
    int64_t duration_us;
};

void call_metrics_add(struct call_metrics *metrics, const struct call_result *result);
/* Removes the series of instances that the balancer does not have. */
void call_metrics_prune(struct call_metrics *metrics, const struct balancer *balancer);
/* Writes the lines of the series. The caller writes the head, once for all services. */
void call_metrics_write(const struct call_metrics *metrics, const char *service, struct buf *out);
void call_metrics_close(struct call_metrics *metrics);

#endif
