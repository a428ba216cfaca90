#include "service/route_metrics.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/metrics.h"

/* One for each method and status that a route has had. Few, so a list is enough. */
struct series {
    const char *method; /* static text */
    int status;
    struct histogram durations;
    struct series *next;
};

struct route_metrics {
    const struct http_route *routes;
    size_t count;
    struct series *series[]; /* a list for each route; the last one: no route matched */
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

static struct series *find_or_add(struct series **list, const char *method, int status)
{
    struct series *series = *list;
    while (series && (series->status != status || series->method != method))
        series = series->next;
    if (series || !(series = calloc(1, sizeof *series)))
        return series;
    series->method = method;
    series->status = status;
    series->next = *list;
    *list = series;
    return series;
}

void route_metrics_add(struct route_metrics *metrics, const struct http_outcome *outcome)
{
    size_t i = outcome->route ? (size_t)(outcome->route - metrics->routes) : metrics->count;
    struct series *series = find_or_add(&metrics->series[i], outcome->method, outcome->status);
    if (series)
        histogram_add(&series->durations, outcome->duration_us);
}

/* error_type is set only for 5xx: a 404 is no error of the server. */
static void write_series(const struct series *series, const char *route, struct buf *out)
{
    char status[16], labels[256];
    snprintf(status, sizeof status, "%d", series->status);
    metrics_labels(labels, sizeof labels, "http_request_method", series->method, "url_scheme", "http", "http_route",
                   route, "http_response_status_code", status, "error_type", series->status >= 500 ? status : "");
    metrics_histogram(out, "http_server_request_duration_seconds", labels, &series->durations);
}

void route_metrics_write(const struct route_metrics *metrics, struct buf *out)
{
    metrics_head(out, "http_server_request_duration_seconds", "histogram", "Duration of HTTP server requests.");
    for (size_t i = 0; i <= metrics->count; i++) {
        const char *route = i < metrics->count ? metrics->routes[i].pattern : "";
        for (const struct series *series = metrics->series[i]; series; series = series->next)
            write_series(series, route, out);
    }
}
