#include "service/chassis_routes.h"

#include "service/control.h"
#include "service/metrics_route.h"
#include "service/service_internal.h"

enum { HEALTH_BODY_MAX = 16 * 1024 };

static void get_health(struct http_request *req, void *arg)
{
    struct service *service = arg;
    struct buf body = BUF_INIT(HEALTH_BODY_MAX);
    int status = health_report(&service->health, &body);
    size_t len = body.len;
    http_reply_take(req, status, "application/json", buf_take(&body), len);
}

/* A process that replies is alive; /health says whether it can serve. If this route
 * fails, an orchestrator restarts the instance. So it does not check the database: an
 * outage there must not restart all instances. */
static void get_live(struct http_request *req, void *arg)
{
    static const char alive[] = "{\"status\":\"alive\"}";
    (void)arg;
    http_reply(req, 200, "application/json", alive, sizeof alive - 1);
}

const struct http_route chassis_routes[] = {
    {"GET", "/health", get_health, HTTP_ROUTE_PROBE},
    {"GET", "/health/live", get_live, HTTP_ROUTE_PROBE | HTTP_ROUTE_ALWAYS},
    {"GET", "/metrics", get_metrics, HTTP_ROUTE_PROBE | HTTP_ROUTE_ALWAYS},
    {"GET", "/control", get_control, HTTP_ROUTE_PROBE | HTTP_ROUTE_ALWAYS},
    {"PUT", "/control", put_control, HTTP_ROUTE_PROBE | HTTP_ROUTE_ALWAYS},
};
const size_t chassis_route_count = sizeof chassis_routes / sizeof *chassis_routes;
