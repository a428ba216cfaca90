/* listeners: what a service listens on: the port of its HTTP server and, with SERVICE_CHECK=grpc, a second
 * port for gRPC's health check. Each request is counted, and logged at the level debug.
 */
#ifndef SERVICE_LISTENERS_H
#define SERVICE_LISTENERS_H

#include "base/err.h"

struct service;

enum {
    /* Requests in progress; each uses a stack of about 12 KB. The reply to any more is
     * 503: in a longer queue, clients would time out before their turn. */
    REQUESTS_MAX = 4096,
};

/* Opens service->server and service->grpc, which drain and stop close. From its settings, its routes and
 * max_clients. 0, or -1 with err: a port is in use; the other one may be open. */
int listeners_open(struct service *service, struct err *err);

#endif
