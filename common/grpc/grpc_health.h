/* grpc_health: the standard health service of gRPC, for registries and load
 * balancers that check health that way (github.com/grpc/grpc, "GRPC Health Checking
 * Protocol").
 *
 * A separate server on a separate port: HTTP/2 without TLS, by nghttp2. It offers one
 * method, grpc.health.v1.Health/Check, which calls config.check. `Watch` is
 * UNIMPLEMENTED; Consul never calls it.
 *
 * Any client may connect. So connections, concurrent calls, headers, bodies and idle
 * time are limited, and a connection that does not speak HTTP/2 is closed.
 */
#ifndef GRPC_HEALTH_H
#define GRPC_HEALTH_H

#include <stdint.h>

#include "base/err.h"
#include "grpc/grpc_health_config.h"

struct grpc_health;

/* Listens from now on. NULL with err as socket_listen. */
struct grpc_health *grpc_health_new(const struct grpc_health_config *config, struct err *err);
uint16_t grpc_health_port(const struct grpc_health *health);

/* Closes the listener and every connection (each client gets a GOAWAY), cancels the
 * health checks that run, waits only for their fibers to end, and frees. NULL is allowed. */
void grpc_health_close(struct grpc_health *health);

#endif
