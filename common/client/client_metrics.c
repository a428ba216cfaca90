#include "client/client_metrics.h"

#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"

enum { INSTANCE_SERIES_MAX = 1000 }; /* instances; a larger service has no series for single instances */

/* --- Calls --------------------------------------------------------------------------- */

static void write_calls(const struct upstreams *upstreams, struct buf *out)
{
    metrics_head(out, "service_calls_total", "counter", "Calls of other services, by outcome.");
    for (const struct upstream *upstream = upstreams->first; upstream; upstream = upstream->next) {
        for (int i = 0; i < SERVICE_OUTCOMES; i++) {
            char labels[340];
            metrics_labels(labels, sizeof labels, "service", upstream->service, "outcome",
                           service_outcome_name((enum service_outcome)i));
            metrics_value(out, "service_calls_total", labels, (int64_t)upstream->calls[i]);
        }
    }
}

static void write_attempts(const struct upstreams *upstreams, struct buf *out)
{
    metrics_head(out, "http_client_request_duration_seconds", "histogram",
                 "Duration of HTTP client requests: each attempt of a call.");
    for (struct upstream *upstream = upstreams->first; upstream; upstream = upstream->next) {
        call_metrics_prune(&upstream->attempts, upstream->sides.at[ROUTE_STABLE]);
        call_metrics_write(&upstream->attempts, upstream->service, out);
    }
}

/* --- Instances ----------------------------------------------------------------------- */

static void write_instances(const struct upstreams *upstreams, struct buf *out)
{
    static const char *const statuses[] = {"passing", "warning", "critical", "missing"};
    metrics_head(out, "discovery_instances", "gauge", "Known instances, by status.");
    for (const struct upstream *upstream = upstreams->first; upstream; upstream = upstream->next) {
        for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
            char labels[340];
            int64_t count = 0;
            for (size_t k = 0; k < sides_count(&upstream->sides); k++)
                count += strcmp(upstream_status_name(sides_at(&upstream->sides, k)), statuses[i]) == 0;
            metrics_labels(labels, sizeof labels, "service", upstream->service, "status", statuses[i]);
            metrics_value(out, "discovery_instances", labels, count);
        }
    }
}

static int64_t picks_of(const struct sides *sides, size_t i)
{
    return (int64_t)sides_picks(sides, i);
}

static int64_t calls_of(const struct sides *sides, size_t i)
{
    return (int64_t)sides_calls(sides, i);
}

/* Instances with one id (on several nodes) share one series. Moves *i to the last of them. */
static int64_t sum_of_id(const struct sides *sides, size_t *i, int64_t (*value_of)(const struct sides *, size_t))
{
    const char *id = sides_at(sides, *i)->instance->id;
    int64_t sum = value_of(sides, *i);
    while (*i + 1 < sides_count(sides) && strcmp(sides_at(sides, *i + 1)->instance->id, id) == 0)
        sum += value_of(sides, ++*i);
    return sum;
}

static void write_each_instance(const struct upstreams *upstreams, const char *name,
                                int64_t (*value_of)(const struct sides *, size_t), struct buf *out)
{
    for (const struct upstream *upstream = upstreams->first; upstream; upstream = upstream->next) {
        size_t count = sides_count(&upstream->sides);
        for (size_t i = 0; i < count && count <= INSTANCE_SERIES_MAX; i++) {
            const char *id = sides_at(&upstream->sides, i)->instance->id;
            char labels[900];
            metrics_labels(labels, sizeof labels, "service", upstream->service, "instance_id", id);
            metrics_value(out, name, labels, sum_of_id(&upstream->sides, &i, value_of));
        }
    }
}

/* --- Sides of a canary release --------------------------------------------------------- */

/* Without a canary all are stable. */
static void write_sides(const struct upstreams *upstreams, struct buf *out)
{
    static const char *const names[ROUTE_SIDES] = {[ROUTE_STABLE] = "stable", [ROUTE_CANARY] = "canary"};
    metrics_head(out, "service_call_attempts_total", "counter", "Attempts, by side of a canary release.");
    for (const struct upstream *upstream = upstreams->first; upstream; upstream = upstream->next) {
        for (int side = 0; side < ROUTE_SIDES; side++) {
            char labels[340];
            metrics_labels(labels, sizeof labels, "service", upstream->service, "side", names[side]);
            metrics_value(out, "service_call_attempts_total", labels, (int64_t)upstream->sides.picks[side]);
        }
    }
}

static void write_ejections(const struct upstreams *upstreams, struct buf *out)
{
    metrics_head(out, "instance_ejections_total", "counter", "Ejections of instances that failed repeatedly, by cause.");
    for (const struct upstream *upstream = upstreams->first; upstream; upstream = upstream->next) {
        int64_t for_rate = (int64_t)sides_sum(&upstream->sides, balancer_ejections_for_rate);
        const int64_t counts[] = {(int64_t)sides_sum(&upstream->sides, balancer_ejections) - for_rate, for_rate};
        static const char *const causes[] = {"failures_in_a_row", "failure_rate"};
        for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
            char labels[340];
            metrics_labels(labels, sizeof labels, "service", upstream->service, "cause", causes[i]);
            metrics_value(out, "instance_ejections_total", labels, counts[i]);
        }
    }
}

/* --- One value for each service ------------------------------------------------------ */

static int64_t retries_of(struct upstream *upstream)
{
    return (int64_t)upstream->retries;
}

static int64_t refused_of(struct upstream *upstream)
{
    return (int64_t)upstream->retries_refused;
}

static int64_t backups_of(struct upstream *upstream)
{
    return (int64_t)upstream->backups;
}

static int64_t backups_won_of(struct upstream *upstream)
{
    return (int64_t)upstream->backups_won;
}

static int64_t backups_refused_of(struct upstream *upstream)
{
    return (int64_t)upstream->backups_refused;
}

static int64_t budget_of(struct upstream *upstream)
{
    return (int64_t)retry_budget_left(&upstream->budget, clock_ms());
}

static int64_t ejected_of(struct upstream *upstream)
{
    int64_t count = 0;
    for (size_t i = 0; i < sides_count(&upstream->sides); i++)
        count += outlier_is_ejected(&sides_at(&upstream->sides, i)->outlier);
    return count;
}

static int64_t slow_starts_of(struct upstream *upstream)
{
    int64_t count = 0;
    for (size_t i = 0; i < sides_count(&upstream->sides); i++) {
        const struct balancer_peer *peer = sides_at(&upstream->sides, i);
        count += balancer_share(sides_balancer_of(&upstream->sides, peer), peer, clock_ms()) < SLOW_START_WHOLE;
    }
    return count;
}

static int64_t panic_of(struct upstream *upstream)
{
    return sides_in_panic(&upstream->sides);
}

static const struct metric {
    const char *name, *type, *help;
    int64_t (*value_of)(struct upstream *upstream);
} metrics[] = {
    {"service_call_retries_total", "counter", "Retries made.", retries_of},
    {"service_call_retries_refused_total", "counter", "Retries refused by the retry budget.", refused_of},
    {"service_call_backups_total", "counter", "Backup requests sent.", backups_of},
    {"service_call_backups_won_total", "counter", "Backup requests that replied first.", backups_won_of},
    {"service_call_backups_refused_total", "counter", "Backup requests refused by the retry budget.",
     backups_refused_of},
    {"service_call_retry_budget", "gauge", "Retries that the budget allows now.", budget_of},
    {"discovery_instances_ejected", "gauge", "Instances ejected now.", ejected_of},
    {"discovery_instances_in_slow_start", "gauge", "Instances whose share of the calls still grows.", slow_starts_of},
    {"discovery_panic", "gauge", "1 while all are critical and are picked as if healthy (fail open).", panic_of},
};

void client_metrics_write(struct upstreams *upstreams, struct buf *out)
{
    for (size_t i = 0; i < discovery_count(upstreams->discovery); i++) {
        struct discovery_view ignored;
        upstream_look(upstreams, discovery_service(upstreams->discovery, i), &ignored);
    }
    write_calls(upstreams, out);
    write_attempts(upstreams, out);
    write_instances(upstreams, out);
    metrics_head(out, "instance_picks_total", "counter",
                 "Picks of each instance; only for services with at most 1,000 instances.");
    write_each_instance(upstreams, "instance_picks_total", picks_of, out);
    metrics_head(out, "instance_calls_in_flight", "gauge",
                 "Calls in flight to each instance; only for services with at most 1,000 instances.");
    write_each_instance(upstreams, "instance_calls_in_flight", calls_of, out);
    write_sides(upstreams, out);
    write_ejections(upstreams, out);
    for (size_t n = 0; n < sizeof metrics / sizeof *metrics; n++) {
        metrics_head(out, metrics[n].name, metrics[n].type, metrics[n].help);
        for (struct upstream *upstream = upstreams->first; upstream; upstream = upstream->next) {
            char label[300];
            metrics_label(label, sizeof label, "service", upstream->service);
            metrics_value(out, metrics[n].name, label, metrics[n].value_of(upstream));
        }
    }
}
