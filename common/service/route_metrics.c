#include "service/route_metrics.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/metrics.h"

/* One for each status that a route has answered: few, so a list will do. */
struct series {
    int status;
    struct histogram durations;
    struct series *next;
};

struct route_metrics {
    const struct http_route *routes;
    size_t count;
    struct series *series[]; /* of each route; the last: no route matched */
};

struct route_metrics *route_metrics_new(const struct http_route *routes, size_t count)
{
    struct route_metrics *metrics = calloc(1, sizeof *metrics + (count + 1) * sizeof(struct series *));
    if (!metrics)
        return NULL;
    metrics->routes = routes;
    metrics->count = count;
    return metrics;
}

void route_metrics_free(struct route_metrics *metrics)
{
    for (size_t i = 0; metrics && i <= metrics->count; i++) {
        while (metrics->series[i]) {
            struct series *gone = metrics->series[i];
            metrics->series[i] = gone->next;
            free(gone);
        }
    }
    free(metrics);
}

void route_metrics_add(struct route_metrics *metrics, const struct http_route *route, int status, int64_t duration_us)
{
    size_t i = route ? (size_t)(route - metrics->routes) : metrics->count;
    struct series *series = metrics->series[i];
    while (series && series->status != status)
        series = series->next;
    if (!series) {
        series = calloc(1, sizeof *series);
        if (!series)
            return;
        series->status = status;
        series->next = metrics->series[i];
        metrics->series[i] = series;
    }
    histogram_add(&series->durations, duration_us);
}

void route_metrics_write(const struct route_metrics *metrics, struct buf *out)
{
    static const struct http_route unmatched = {.method = "_OTHER", .pattern = ""};
    metrics_head(out, "http_server_request_duration_seconds", "histogram", "Duration of requests, by route and status.");
    for (size_t i = 0; i <= metrics->count; i++) {
        const struct http_route *route = i < metrics->count ? &metrics->routes[i] : &unmatched;
        for (const struct series *series = metrics->series[i]; series; series = series->next) {
            char labels[256];
            snprintf(labels, sizeof labels,
                     "http_request_method=\"%s\",http_route=\"%s\",http_response_status_code=\"%d\"", route->method,
                     route->pattern, series->status);
            metrics_histogram(out, "http_server_request_duration_seconds", labels, &series->durations);
        }
    }
}
