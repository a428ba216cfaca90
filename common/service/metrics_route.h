/* metrics_route: GET /metrics, in Prometheus' text format. Each part of the
 * service writes its own metrics. */
#ifndef SERVICE_METRICS_ROUTE_H
#define SERVICE_METRICS_ROUTE_H

#include "net/http_server.h"

/* A handler; its arg is the struct service. */
void get_metrics(struct http_request *req, void *arg);

#endif
