/* routes: maps HTTP requests to orders.h, user_client.h and service_client.h, and their
 * results to HTTP replies. */
#ifndef ROUTES_H
#define ROUTES_H

#include <stddef.h>

#include "net/http_server.h"

/* Each handler's arg is the struct service; service_app() returns its struct app. */
extern const struct http_route order_routes[];
extern const size_t order_route_count;

#endif
