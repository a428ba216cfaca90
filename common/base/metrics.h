/* metrics: numbers as Prometheus reads them.
 *
 * There is no registry of metrics: each module keeps its own counters and
 * writes them when asked. (Text format 0.0.4: prometheus.io, "Exposition
 * formats".)
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
/* Writes key="value" into out (cut to size), the value escaped as the format wants it. */
void metrics_label(char *out, size_t size, const char *key, const char *value);

/* How long things take: buckets of 0.1 ms to 10 s. */
enum { HISTOGRAM_BUCKETS = 14 };

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS + 1]; /* the last: over all bounds */
    uint64_t sum_us;
};

void histogram_add(struct histogram *histogram, int64_t duration_us);
/* name_bucket, name_sum (seconds) and name_count. */
void metrics_histogram(struct buf *out, const char *name, const char *labels, const struct histogram *histogram);

#endif
