/* grpc_wire: the bytes of a gRPC health check. Pure functions.
 *
 * A gRPC message is a flag (1: compressed), its length in four bytes, and a
 * protobuf message (grpc.io, "gRPC over HTTP2"). The two messages of a health
 * check have one field each (grpc.health.v1, health.proto):
 *
 *     message HealthCheckRequest  { string service = 1; }
 *     message HealthCheckResponse { ServingStatus status = 1; }  // SERVING = 1, NOT_SERVING = 2
 */
#ifndef GRPC_WIRE_H
#define GRPC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The status codes that we send (grpc.io, "Status codes and their use in gRPC"). */
enum grpc_status {
    GRPC_OK = 0,
    GRPC_NOT_FOUND = 5,
    GRPC_UNIMPLEMENTED = 12,
    GRPC_INTERNAL = 13,
    GRPC_UNAVAILABLE = 14,
};

enum { GRPC_HEALTH_REPLY_SIZE = 7 };

/* Reads the service's name from a request. `body` includes the frame's head. *service is
 * borrowed from it and has no '\0' at its end; it is "" if the request names no service.
 * On error: a status, and *why in plain ASCII. */
enum grpc_status grpc_parse_health(const uint8_t *body, size_t len, const char **service, size_t *service_len,
                                   const char **why);

void grpc_write_health(uint8_t out[GRPC_HEALTH_REPLY_SIZE], bool serving);

#endif
