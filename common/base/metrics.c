#include "base/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct bound {
    int64_t us;
    const char *seconds;
} bounds[HISTOGRAM_BUCKETS] = {
    {100, "0.0001"},   {250, "0.00025"},  {500, "0.0005"},  {1000, "0.001"},  {2500, "0.0025"},
    {5000, "0.005"},   {10000, "0.01"},   {25000, "0.025"}, {50000, "0.05"},  {100000, "0.1"},
    {250000, "0.25"},  {1000000, "1"},    {2500000, "2.5"}, {10000000, "10"},
};

void metrics_head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_value(struct buf *out, const char *name, const char *labels, int64_t value)
{
    buf_addf(out, labels ? "%s{%s} %" PRId64 "\n" : "%s%s %" PRId64 "\n", name, labels ? labels : "", value);
}

void metrics_label(char *out, size_t size, const char *key, const char *value)
{
    size_t len = (size_t)snprintf(out, size, "%s=\"", key);
    for (; *value && len + 4 < size; value++) {
        if (*value == '"' || *value == '\\' || *value == '\n')
            out[len++] = '\\';
        out[len++] = *value == '\n' ? 'n' : *value;
    }
    if (len + 2 <= size)
        memcpy(out + len, "\"", 2);
}

void histogram_add(struct histogram *histogram, int64_t duration_us)
{
    int i = 0;
    while (i < HISTOGRAM_BUCKETS && duration_us > bounds[i].us)
        i++;
    histogram->counts[i]++;
    histogram->sum_us += (uint64_t)duration_us;
}

void metrics_histogram(struct buf *out, const char *name, const char *labels, const struct histogram *histogram)
{
    const char *comma = labels ? "," : "";
    const char *open = labels ? "{" : "", *close = labels ? "}" : "";
    uint64_t below = 0;
    if (!labels)
        labels = "";
    for (int i = 0; i <= HISTOGRAM_BUCKETS; i++) {
        below += histogram->counts[i];
        buf_addf(out, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, comma,
                 i < HISTOGRAM_BUCKETS ? bounds[i].seconds : "+Inf", below);
    }
    buf_addf(out, "%s_sum%s%s%s %.6f\n", name, open, labels, close, (double)histogram->sum_us / 1e6);
    buf_addf(out, "%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, below);
}
