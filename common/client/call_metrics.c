#include "client/call_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/metrics.h"

struct call_series {
    uint16_t port;
    int status;
    enum service_outcome outcome;
    bool listed; /* while pruning */
    struct histogram durations;
    struct call_series *next;
    char address[];
};

static struct call_series **bucket_of(struct call_metrics *metrics, const struct instance *instance)
{
    uint64_t hash = hash_bytes(instance->address, strlen(instance->address)) + instance->port;
    return &metrics->buckets[hash % CALL_BUCKETS];
}

static bool is_series_of(const struct call_series *series, const struct instance *instance)
{
    return series->port == instance->port && strcmp(series->address, instance->address) == 0;
}

static struct call_series *series_add(struct call_series **list, const char *address, const struct call_result *result)
{
    size_t size = strlen(address) + 1;
    struct call_series *series = calloc(1, sizeof *series + size);
    if (!series)
        return NULL;
    memcpy(series->address, address, size);
    series->outcome = result->outcome;
    series->next = *list;
    *list = series;
    return series;
}

static struct call_series *find_or_add(struct call_metrics *metrics, const struct call_result *result)
{
    struct call_series **bucket = bucket_of(metrics, result->instance), *series = *bucket;
    while (series && (series->status != result->status || series->outcome != result->outcome ||
                      !is_series_of(series, result->instance)))
        series = series->next;
    if (series || metrics->count >= CALL_SERIES_MAX)
        return series;
    series = series_add(bucket, result->instance->address, result);
    if (series) {
        series->port = result->instance->port;
        series->status = result->status;
        metrics->count++;
    }
    return series;
}

/* One series for each outcome, whatever the status: an instance may send hundreds of different statuses. */
static struct call_series *find_or_add_other(struct call_metrics *metrics, const struct call_result *result)
{
    struct call_series *series = metrics->others;
    while (series && series->outcome != result->outcome)
        series = series->next;
    return series ? series : series_add(&metrics->others, "_OTHER", result);
}

void call_metrics_add(struct call_metrics *metrics, const struct call_result *result)
{
    struct call_series *series = find_or_add(metrics, result);
    if (!series)
        series = find_or_add_other(metrics, result);
    if (series)
        histogram_add(&series->durations, result->duration_us);
}

/* --- Prune --------------------------------------------------------------------------- */

static void remove_unlisted(struct call_metrics *metrics, struct call_series **at)
{
    while (*at) {
        struct call_series *series = *at;
        if (series->listed) {
            series->listed = false;
            at = &series->next;
        } else {
            *at = series->next;
            metrics->count--;
            free(series);
        }
    }
}

void call_metrics_prune(struct call_metrics *metrics, const struct balancer *balancer)
{
    for (size_t i = 0; i < balancer_count(balancer); i++) {
        const struct instance *instance = balancer_at(balancer, i)->instance;
        for (struct call_series *series = *bucket_of(metrics, instance); series; series = series->next)
            series->listed |= is_series_of(series, instance);
    }
    for (size_t i = 0; i < CALL_BUCKETS; i++)
        remove_unlisted(metrics, &metrics->buckets[i]);
}

void call_metrics_close(struct call_metrics *metrics)
{
    for (size_t i = 0; i < CALL_BUCKETS; i++)
        remove_unlisted(metrics, &metrics->buckets[i]);
    remove_unlisted(metrics, &metrics->others);
}

/* --- Write --------------------------------------------------------------------------- */

/* For a client a 4xx is an error too. Without a usable reply, the outcome is the error type. */
static const char *error_type(const struct call_series *series, const char *status)
{
    if (series->outcome == SERVICE_OK || series->outcome == SERVICE_FAILED)
        return series->status >= 400 ? status : "";
    return service_outcome_name(series->outcome);
}

static void write_list(const struct call_series *series, const char *service, struct buf *out)
{
    for (; series; series = series->next) {
        char port[8] = "", status[16] = "", labels[1024];
        if (series->port)
            snprintf(port, sizeof port, "%u", series->port);
        if (series->status)
            snprintf(status, sizeof status, "%d", series->status);
        metrics_labels(labels, sizeof labels, "http_request_method", "GET", "server_address", series->address,
                       "server_port", port, "http_response_status_code", status, "error_type",
                       error_type(series, status), "service", service);
        metrics_histogram(out, "http_client_request_duration_seconds", labels, &series->durations);
    }
}

void call_metrics_write(const struct call_metrics *metrics, const char *service, struct buf *out)
{
    for (size_t i = 0; i < CALL_BUCKETS; i++)
        write_list(metrics->buckets[i], service, out);
    write_list(metrics->others, service, out);
}
