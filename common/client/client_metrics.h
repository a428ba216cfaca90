/* client_metrics: the metrics of the calls, and of the instances that the client knows.
 * Private to this folder. */
#ifndef CLIENT_CLIENT_METRICS_H
#define CLIENT_CLIENT_METRICS_H

#include "client/upstream.h"

void client_metrics_write(struct upstreams *upstreams, struct buf *out);

#endif
