/* chassis_routes: the routes that every service has. */
#ifndef SERVICE_CHASSIS_ROUTES_H
#define SERVICE_CHASSIS_ROUTES_H

#include <stddef.h>

#include "net/http_server.h"

/* GET /health, /health/live and /metrics; GET and PUT /control. Their arg is the struct service. */
extern const struct http_route chassis_routes[];
extern const size_t chassis_route_count;

#endif
