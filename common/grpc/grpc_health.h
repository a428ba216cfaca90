/* grpc_health: the standard health service of gRPC, for registries and load
 * balancers that ask that way (github.com/grpc/grpc, "GRPC Health Checking Protocol").
 *
 * It is a server of its own, on a port of its own: HTTP/2 without TLS, by
 * nghttp2. It offers one method, grpc.health.v1.Health/Check, and knows nothing
 * of what health is: it asks a function. `Watch` is UNIMPLEMENTED; Consul never
 * calls it.
 *
 * Whoever connects is a stranger: connections, calls at once, headers, bodies
 * and silence are bounded; what is no HTTP/2 is closed.
 */
#ifndef NET_GRPC_HEALTH_H
#define NET_GRPC_HEALTH_H

#include <stdint.h>

#include "base/err.h"

struct grpc_health;

struct grpc_health_config {
    const char *address; /* numeric */
    uint16_t port;       /* 0: any free one */
    const char *service; /* known beside "", which means the whole server; borrowed */
    /* 0: serving, -1: not. Waits: runs in a fiber of its own, and bounds itself. */
    int (*ask)(void *arg, struct err *err);
    void *arg;
};

/* Listens from now on. NULL with err as socket_listen. */
struct grpc_health *grpc_health_new(const struct grpc_health_config *config, struct err *err);
uint16_t grpc_health_port(const struct grpc_health *health);

/* Closes the listener and every connection (clients are told: GOAWAY), cancels
 * what is being asked, and frees. Waits only for those fibers to end. NULL is allowed. */
void grpc_health_close(struct grpc_health *health);

#endif
