/* metrics: writes numbers in Prometheus' text format.
 *
 * There is no central list of metrics: each module keeps its own counters and writes
 * them on request. (Text format 0.0.4: prometheus.io, "Exposition formats".) If
 * OpenTelemetry's semantic conventions name a metric, it has that name here, in
 * Prometheus' form: '_' for '.', and the unit at the end.
 *
 *     metrics_head(out, "redis_commands_total", "counter", "Commands sent to Redis.");
 *     metrics_value(out, "redis_commands_total", "command=\"get\"", redis->gets);
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* # HELP and # TYPE; once per name, before its values. type: counter, gauge, histogram. */
void metrics_head(struct buf *out, const char *name, const char *type, const char *help);
/* labels: `key="value",…` or NULL. */
void metrics_value(struct buf *out, const char *name, const char *labels, int64_t value);
/* The same for a time, which Prometheus expects in seconds. */
void metrics_seconds(struct buf *out, const char *name, const char *labels, int64_t ms);

/* Writes key="value" into out (cut to size), with the value escaped for the format. A
 * byte that is not UTF-8 becomes '?', because Prometheus rejects the whole page for it. */
void metrics_label(char *out, size_t size, const char *key, const char *value);
/* Several labels, with commas; the arguments are keys and values in turn. A label with
 * an empty value is left out: for Prometheus both mean the same. */
#define metrics_labels(out, size, ...) metrics_write_labels(out, size, (const char *const[]){__VA_ARGS__, NULL})
void metrics_write_labels(char *out, size_t size, const char *const *pairs); /* ends in NULL */

/* A distribution of durations. The buckets are OpenTelemetry's: for HTTP requests 5 ms to
 * 10 s, for database calls 1 ms to 10 s ("Semantic conventions for HTTP metrics",
 * "… for database client metrics"). */
enum histogram_scale { HISTOGRAM_HTTP, HISTOGRAM_DATABASE };
enum { HISTOGRAM_BUCKETS_MAX = 14 };

/* Zero-initialise, except the scale. */
struct histogram {
    enum histogram_scale scale;
    uint64_t counts[HISTOGRAM_BUCKETS_MAX + 1]; /* the last one: over all bounds */
    uint64_t sum_us;
};

void histogram_add(struct histogram *histogram, int64_t duration_us);
/* name_bucket, name_sum (seconds) and name_count. */
void metrics_histogram(struct buf *out, const char *name, const char *labels, const struct histogram *histogram);

#endif
