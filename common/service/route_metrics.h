/* route_metrics: counts and times the requests of each route. There is one
 * histogram for each route, method and status; the names are OpenTelemetry's
 * ("Semantic conventions for HTTP metrics"). A label never holds a value that
 * clients can invent without limit: the path is the route's template, empty if no
 * route matched, and an unknown method is "_OTHER".
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

/* outcome->route: one of the routes, or NULL if none matched. */
void route_metrics_add(struct route_metrics *metrics, const struct http_outcome *outcome);
void route_metrics_write(const struct route_metrics *metrics, struct buf *out);

#endif
