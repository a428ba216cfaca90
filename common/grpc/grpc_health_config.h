/* grpc_health_config: what a gRPC health server is created with. */
#ifndef GRPC_HEALTH_CONFIG_H
#define GRPC_HEALTH_CONFIG_H

#include <stdint.h>

#include "base/err.h"

struct grpc_health_config {
    const char *address; /* numeric */
    uint16_t port;       /* 0: any free one */
    const char *service; /* a client may check this service or "", the whole server; borrowed */
    /* 0: serving, -1: not serving. Runs in a fiber of its own, so it may wait; it sets its own deadline. */
    int (*check)(void *arg, struct err *err);
    void *arg;
};

#endif
