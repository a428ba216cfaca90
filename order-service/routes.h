/* routes: from HTTP to orders.h, upstream.h and service_client.h, and back. */
#ifndef ROUTES_H
#define ROUTES_H

#include <stddef.h>

#include "net/http_server.h"

/* Their arg is the struct service, whose app is the struct app. */
extern const struct http_route order_routes[];
extern const size_t order_route_count;

#endif
