/* service_internal: what the files of the chassis share of one running service. */
#ifndef SERVICE_SERVICE_INTERNAL_H
#define SERVICE_SERVICE_INTERNAL_H

#include "loop/sync.h"
#include "service/disk.h"
#include "service/route_metrics.h"
#include "service/service.h"

struct service {
    const struct service_definition *definition;
    struct settings settings;
    struct http_client *http;
    struct registries registries;
    struct health *health;
    struct disk disk;
    struct http_route *routes; /* the definition's, then the chassis' own */
    size_t route_count;
    struct route_metrics *requests;
    struct http_server *server;
    struct grpc_health *grpc; /* NULL unless SERVICE_CHECK=grpc */
    struct group background;
    int exit_code;
};

/* GET /health, /health/live and /metrics. */
extern const struct http_route chassis_routes[];
extern const size_t chassis_route_count;

#endif
