/* metrics: numbers as Prometheus reads them.
 *
 * There is no registry of metrics: each module keeps its own counters and
 * writes them when asked. (Text format 0.0.4: prometheus.io, "Exposition
 * formats".) Where OpenTelemetry's semantic conventions have a name for a thing,
 * it has that name here, as Prometheus writes it: '_' for '.', the unit behind.
 *
 *     metrics_head(out, "redis_commands_total", "counter", "Commands sent to Redis.");
 *     metrics_value(out, "redis_commands_total", "command=\"get\"", redis->gets);
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* # HELP and # TYPE; once a name, before its values. type: counter, gauge, histogram. */
void metrics_head(struct buf *out, const char *name, const char *type, const char *help);
/* labels: `key="value",…` or NULL. */
void metrics_value(struct buf *out, const char *name, const char *labels, int64_t value);
/* The same for a time, which Prometheus wants in seconds. */
void metrics_seconds(struct buf *out, const char *name, const char *labels, int64_t ms);

/* Writes key="value" into out (cut to size), the value escaped as the format
 * wants it; what is not UTF-8, for which a whole page is refused, as '?'. */
void metrics_label(char *out, size_t size, const char *key, const char *value);
/* Several of them, with commas: keys and values by turns. One without a value ("")
 * is left out: to Prometheus both are the same. */
#define metrics_labels(out, size, ...) metrics_write_labels(out, size, (const char *const[]){__VA_ARGS__, NULL})
void metrics_write_labels(char *out, size_t size, const char *const *pairs); /* ends in NULL */

/* How long things take. The buckets are OpenTelemetry's: for HTTP requests 5 ms to
 * 10 s, for database calls 1 ms to 10 s ("Semantic conventions for HTTP metrics",
 * "… for database client metrics"). */
enum histogram_scale { HISTOGRAM_HTTP, HISTOGRAM_DATABASE };
enum { HISTOGRAM_BUCKETS_MAX = 14 };

/* Zero-initialise, but for the scale. */
struct histogram {
    enum histogram_scale scale;
    uint64_t counts[HISTOGRAM_BUCKETS_MAX + 1]; /* behind the scale's last: over all bounds */
    uint64_t sum_us;
};

void histogram_add(struct histogram *histogram, int64_t duration_us);
/* name_bucket, name_sum (seconds) and name_count. */
void metrics_histogram(struct buf *out, const char *name, const char *labels, const struct histogram *histogram);

#endif
