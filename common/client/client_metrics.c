/* client_metrics: the client's calls, and whom it could call, in numbers. */
#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "client/client_internal.h"

enum { SINGLED_OUT_MAX = 1000 }; /* instances with a line each: over it only the sums are told */

const char *service_outcome_name(enum service_outcome outcome)
{
    static const char *const names[SERVICE_OUTCOMES] = {
        [SERVICE_OK] = "ok",         [SERVICE_NO_INSTANCE] = "no_instance", [SERVICE_UNREACHABLE] = "unreachable",
        [SERVICE_FAILED] = "failed", [SERVICE_BROKEN] = "broken",           [SERVICE_TIMED_OUT] = "timed_out",
    };
    return names[outcome];
}

static void write_calls(const struct service_client *client, struct buf *out)
{
    metrics_head(out, "service_calls_total", "counter", "Calls of other services, by what came of them.");
    for (const struct upstream *upstream = client->upstreams; upstream; upstream = upstream->next) {
        for (int i = 0; i < SERVICE_OUTCOMES; i++) {
            char labels[340];
            metrics_labels(labels, sizeof labels, "service", upstream->service, "outcome",
                           service_outcome_name((enum service_outcome)i));
            metrics_value(out, "service_calls_total", labels, (int64_t)upstream->calls[i]);
        }
    }
}

static void write_attempts(const struct service_client *client, struct buf *out)
{
    metrics_head(out, "http_client_request_duration_seconds", "histogram",
                 "Duration of HTTP client requests: of each attempt of a call.");
    for (struct upstream *upstream = client->upstreams; upstream; upstream = upstream->next) {
        call_metrics_prune(&upstream->attempts, upstream->balancer);
        call_metrics_write(&upstream->attempts, upstream->service, out);
    }
}

/* --- Instances ---------------------------------------------------------------------------- */

static void write_instances(const struct service_client *client, struct buf *out)
{
    static const char *const statuses[] = {"passing", "warning", "critical", "missing"};
    metrics_head(out, "discovery_instances", "gauge", "Instances known, by status.");
    for (const struct upstream *upstream = client->upstreams; upstream; upstream = upstream->next) {
        for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
            char labels[340];
            int64_t count = 0;
            for (size_t k = 0; k < balancer_count(upstream->balancer); k++)
                count += strcmp(client_status_name(balancer_at(upstream->balancer, k)), statuses[i]) == 0;
            metrics_labels(labels, sizeof labels, "service", upstream->service, "status", statuses[i]);
            metrics_value(out, "discovery_instances", labels, count);
        }
    }
}

static void write_picks(const struct service_client *client, struct buf *out)
{
    metrics_head(out, "instance_picks_total", "counter", "Times an instance was picked (of at most 1,000).");
    for (const struct upstream *upstream = client->upstreams; upstream; upstream = upstream->next) {
        size_t count = balancer_count(upstream->balancer);
        for (size_t i = 0; i < count && count <= SINGLED_OUT_MAX; i++) {
            const struct balancer_peer *peer = balancer_at(upstream->balancer, i);
            char labels[900];
            metrics_labels(labels, sizeof labels, "service", upstream->service, "instance_id", peer->instance->id);
            metrics_value(out, "instance_picks_total", labels, (int64_t)peer->picks);
        }
    }
}

/* --- One number for each service ------------------------------------------------------------ */

static int64_t retries_of(struct upstream *upstream)
{
    return (int64_t)upstream->retries;
}

static int64_t refused_of(struct upstream *upstream)
{
    return (int64_t)upstream->retries_refused;
}

static int64_t budget_of(struct upstream *upstream)
{
    return (int64_t)retry_budget_left(&upstream->budget, clock_ms());
}

static int64_t ejections_of(struct upstream *upstream)
{
    return (int64_t)balancer_ejections(upstream->balancer);
}

static int64_t ejected_of(struct upstream *upstream)
{
    int64_t count = 0;
    for (size_t i = 0; i < balancer_count(upstream->balancer); i++)
        count += outlier_is_ejected(&balancer_at(upstream->balancer, i)->outlier);
    return count;
}

static int64_t panic_of(struct upstream *upstream)
{
    return balancer_in_panic(upstream->balancer);
}

static const struct number {
    const char *name, *type, *help;
    int64_t (*of)(struct upstream *upstream);
} numbers[] = {
    {"service_call_retries_total", "counter", "Further attempts.", retries_of},
    {"service_call_retries_refused_total", "counter", "Retries that the budget did not allow.", refused_of},
    {"service_call_retry_budget", "gauge", "Retries that may be made now.", budget_of},
    {"instance_ejections_total", "counter", "Instances left alone for a while because they failed.", ejections_of},
    {"discovery_instances_ejected", "gauge", "Instances that are left alone now.", ejected_of},
    {"discovery_panic", "gauge", "1 while all are critical and are picked as if healthy (fail open).", panic_of},
};

void service_client_metrics(struct service_client *client, struct buf *out)
{
    for (size_t i = 0; i < discovery_count(client->config.discovery); i++) {
        struct discovery_view ignored;
        client_look(client, discovery_service(client->config.discovery, i), &ignored);
    }
    write_calls(client, out);
    write_attempts(client, out);
    write_instances(client, out);
    write_picks(client, out);
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
        metrics_head(out, numbers[n].name, numbers[n].type, numbers[n].help);
        for (struct upstream *upstream = client->upstreams; upstream; upstream = upstream->next) {
            char label[300];
            metrics_label(label, sizeof label, "service", upstream->service);
            metrics_value(out, numbers[n].name, label, numbers[n].of(upstream));
        }
    }
}
