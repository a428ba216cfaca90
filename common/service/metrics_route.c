#include "service/metrics_route.h"

#include "base/metrics.h"
#include "service/live_settings.h"
#include "service/process_metrics.h"
#include "service/service_internal.h"

enum { METRICS_BODY_MAX = 16 * 1024 * 1024 }; /* 10,000 instances with a few numbers each */

static void write_build_info(const struct settings *settings, struct buf *out)
{
    char labels[512];
    metrics_labels(labels, sizeof labels, "service_name", settings->name, "service_instance_id", settings->id, "version",
                   PROJECT_VERSION);
    metrics_head(out, "service_build_info", "gauge", "Name, id and version of this instance; always 1.");
    metrics_value(out, "service_build_info", labels, 1);
}

static void write_health(const struct health *health, struct buf *out)
{
    metrics_head(out, "health_check_healthy", "gauge", "Result of each health check in the last round: 1 or 0.");
    for (const struct health_check *check = health->checks; check < health->checks + health->count; check++) {
        char label[64];
        metrics_label(label, sizeof label, "check", check->probe->name);
        metrics_value(out, "health_check_healthy", label, check->healthy);
    }
}

void get_metrics(struct http_request *req, void *arg)
{
    struct service *service = arg;
    struct buf body = BUF_INIT(METRICS_BODY_MAX);
    write_build_info(&service->settings, &body);
    http_server_metrics(service->server, &body);
    route_metrics_write(service->requests, &body);
    write_health(&service->health, &body);
    registries_metrics(&service->registries, &body);
    live_settings_metrics(service, &body);
    service->definition->metrics(service->definition->app, &body);
    process_metrics_write(&body);
    size_t len = body.len;
    http_reply_take(req, 200, "text/plain; version=0.0.4; charset=utf-8", buf_take(&body), len);
}
