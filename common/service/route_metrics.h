/* route_metrics: how many requests each route had, with which status, how long
 * they took. One histogram for each route, method and status; the names are
 * OpenTelemetry's ("Semantic conventions for HTTP metrics"). What a client may
 * make up without end is in no label: paths are told as their route's template,
 * those without a route have none, strange methods are "_OTHER".
 */
#ifndef SERVICE_ROUTE_METRICS_H
#define SERVICE_ROUTE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/http_server.h"

struct route_metrics;

/* routes: borrowed. NULL: out of memory. */
struct route_metrics *route_metrics_new(const struct http_route *routes, size_t count);
void route_metrics_free(struct route_metrics *metrics); /* NULL is allowed */

/* Its route: one of the routes, or NULL where none matched. */
void route_metrics_add(struct route_metrics *metrics, const struct http_outcome *outcome);
void route_metrics_write(const struct route_metrics *metrics, struct buf *out);

#endif
