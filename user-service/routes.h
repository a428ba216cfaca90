/* routes: the HTTP routes of user-service, which call users.h. */
#ifndef ROUTES_H
#define ROUTES_H

#include <stddef.h>

#include "net/http_server.h"

/* A handler's arg is the struct service; service_app() returns the struct app. */
extern const struct http_route user_routes[];
extern const size_t user_route_count;

#endif
