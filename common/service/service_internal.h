/* service_internal: the state of one running service, shared by the files of the
 * chassis. These are the files; each uses only those above it in this list:
 *
 *   disk, health, input, probes         health checks, rules for input
 *   request, process_metrics, route_metrics
 *   settings_check, settings            environment variables
 *   control_order                       what an operator asks of a running instance
 *   arguments, healthcheck, control_command   command line, --healthcheck, --maintenance, --weight
 *   registries, drain                   registration, graceful shutdown
 *   service_definition.h                what a service hands to the chassis
 *   service_internal.h                  struct service
 *   live_settings                       settings that change while it runs
 *   control, metrics_route, chassis_routes   /control, /metrics, /health and /health/live
 *   listeners                           the ports: HTTP, and gRPC's health check
 *   service                             start, serve, stop; the program
 */
#ifndef SERVICE_SERVICE_INTERNAL_H
#define SERVICE_SERVICE_INTERNAL_H

#include "config/config_watch.h"
#include "loop/sync.h"
#include "service/disk.h"
#include "service/health.h"
#include "service/registries.h"
#include "service/route_metrics.h"
#include "service/service_definition.h"
#include "service/settings.h"

struct service {
    const struct service_definition *definition;
    struct settings settings;
    size_t max_clients; /* connections of clients … */
    size_t max_calls;   /* … and calls to other services at the same time: see divide_files() */
    struct http_client *http;
    struct registries registries;
    struct config_settings live_settings;
    struct config_watch config_watch; /* its source is NULL without a configuration center */
    struct group config_fiber;
    struct health health;
    struct disk disk;
    struct http_route *routes; /* the definition's, then those of the chassis */
    size_t route_count;
    struct route_metrics *requests;
    struct http_server *server;
    struct grpc_health *grpc; /* NULL unless SERVICE_CHECK=grpc */
    struct group background;
    int exit_code;
};

#endif
