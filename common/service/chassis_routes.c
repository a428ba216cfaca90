#include "base/metrics.h"
#include "service/process_metrics.h"
#include "service/service_internal.h"

enum {
    HEALTH_BODY_MAX = 16 * 1024,
    METRICS_BODY_MAX = 16 * 1024 * 1024, /* 10,000 instances with a few numbers each */
};

static void get_health(struct http_request *req, void *arg)
{
    struct service *service = arg;
    struct buf body = BUF_INIT(HEALTH_BODY_MAX);
    int status = health_report(service->health, &body);
    size_t len = body.len;
    http_reply_take(req, status, "application/json", buf_take(&body), len);
}

/* Alive is the process that answers; whether it is of use is /health's question.
 * An orchestrator that restarts on this one must not restart everybody because
 * the database is away. */
static void get_live(struct http_request *req, void *arg)
{
    static const char alive[] = "{\"status\":\"alive\"}";
    (void)arg;
    http_reply(req, 200, "application/json", alive, sizeof alive - 1);
}

static void write_build_info(const struct settings *settings, struct buf *out)
{
    char labels[512];
    metrics_labels(labels, sizeof labels, "service_name", settings->name, "service_instance_id", settings->id, "version",
                   PROJECT_VERSION);
    metrics_head(out, "service_build_info", "gauge", "Who this is; always 1.");
    metrics_value(out, "service_build_info", labels, 1);
}

static void get_metrics(struct http_request *req, void *arg)
{
    struct service *service = arg;
    struct buf body = BUF_INIT(METRICS_BODY_MAX);
    write_build_info(&service->settings, &body);
    http_server_metrics(service->server, &body);
    route_metrics_write(service->requests, &body);
    health_metrics(service->health, &body);
    registries_metrics(&service->registries, &body);
    service->definition->metrics(service->definition->app, &body);
    process_metrics_write(&body);
    size_t len = body.len;
    http_reply_take(req, 200, "text/plain; version=0.0.4; charset=utf-8", buf_take(&body), len);
}

const struct http_route chassis_routes[] = {
    {"GET", "/health", get_health, HTTP_ROUTE_PROBE},
    {"GET", "/health/live", get_live, HTTP_ROUTE_PROBE | HTTP_ROUTE_ALWAYS},
    {"GET", "/metrics", get_metrics, HTTP_ROUTE_PROBE | HTTP_ROUTE_ALWAYS},
};
const size_t chassis_route_count = sizeof chassis_routes / sizeof *chassis_routes;
