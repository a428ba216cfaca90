#include "service/listeners.h"

#include "base/log.h"
#include "grpc/grpc_health.h"
#include "service/service_internal.h"

/* The ids are the same in the logs of all services that handle a request. */
static void log_request(const struct http_outcome *outcome)
{
    struct trace_context trace;
    char id[TRACE_ID_SIZE];
    http_trace_context(outcome->request, &trace);
    trace_id(&trace, id);
    log_debug("request", log_s("method", outcome->method),
              log_s("route", outcome->route ? outcome->route->pattern : ""), log_i("status", outcome->status),
              log_i("us", outcome->duration_us), log_s("request_id", trace.request_id), log_s("trace_id", id));
}

static void observe(void *arg, const struct http_outcome *outcome)
{
    struct service *service = arg;
    route_metrics_add(service->requests, outcome);
    if (log_shows(LOG_DEBUG))
        log_request(outcome);
}

static int open_http(struct service *service, struct err *err)
{
    const struct http_server_config config = {
        .address = service->settings.bind_address,
        .port = (uint16_t)service->settings.port,
        .served_by = service->settings.id,
        .routes = service->routes,
        .route_count = service->route_count,
        .arg = service,
        .max_requests = REQUESTS_MAX,
        .max_connections = service->max_clients,
        .observe = observe,
    };
    service->server = http_server_new(&config, err);
    return service->server ? 0 : -1;
}

static int evaluate_health(void *arg, struct err *err)
{
    return health_evaluate(arg, err);
}

static int open_grpc(struct service *service, struct err *err)
{
    const struct grpc_health_config config = {
        .address = service->settings.bind_address,
        .port = (uint16_t)service->settings.grpc_port,
        .service = service->settings.name,
        .check = evaluate_health,
        .arg = &service->health,
    };
    if (service->settings.check != CHECK_GRPC)
        return 0;
    service->grpc = grpc_health_new(&config, err);
    if (!service->grpc)
        return -1;
    service->settings.grpc_port = grpc_health_port(service->grpc); /* the port to register */
    return 0;
}

/* Logs after both listen, so that a port in use gives exactly one line. */
int listeners_open(struct service *service, struct err *err)
{
    const struct settings *settings = &service->settings;
    if (open_http(service, err) != 0 || open_grpc(service, err) != 0)
        return -1;
    log_info("listening", log_s("address", settings->bind_address), log_i("port", http_server_port(service->server)),
             log_s("service", settings->name), log_s("id", settings->id), log_s("version", PROJECT_VERSION));
    if (service->grpc)
        log_info("grpc_listening", log_i("port", settings->grpc_port));
    return 0;
}
