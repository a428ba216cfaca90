/* routes: the HTTP interface of the playground: the page, the state, the events and the actions. */
#ifndef PLAYGROUND_ROUTES_H
#define PLAYGROUND_ROUTES_H

#include "actions.h"
#include "events.h"
#include "net/http_router.h"

/* What the handlers get. */
struct playground {
    struct events *events;
    struct control *control;
};

extern const struct http_route playground_routes[];
extern const size_t playground_route_count;

#endif
