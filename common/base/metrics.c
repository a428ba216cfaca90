#include "base/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

struct bound {
    int64_t us;
    const char *seconds;
};

static const struct scale {
    int count;
    struct bound bounds[HISTOGRAM_BUCKETS_MAX];
} scales[] = {
    [HISTOGRAM_HTTP] = {14, {{5000, "0.005"}, {10000, "0.01"}, {25000, "0.025"}, {50000, "0.05"}, {75000, "0.075"},
                             {100000, "0.1"}, {250000, "0.25"}, {500000, "0.5"}, {750000, "0.75"}, {1000000, "1"},
                             {2500000, "2.5"}, {5000000, "5"}, {7500000, "7.5"}, {10000000, "10"}}},
    [HISTOGRAM_DATABASE] = {9, {{1000, "0.001"}, {5000, "0.005"}, {10000, "0.01"}, {50000, "0.05"}, {100000, "0.1"},
                                {500000, "0.5"}, {1000000, "1"}, {5000000, "5"}, {10000000, "10"}}},
};

void metrics_head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_value(struct buf *out, const char *name, const char *labels, int64_t value)
{
    buf_addf(out, labels ? "%s{%s} %" PRId64 "\n" : "%s%s %" PRId64 "\n", name, labels ? labels : "", value);
}

void metrics_seconds(struct buf *out, const char *name, const char *labels, int64_t ms)
{
    buf_addf(out, labels ? "%s{%s} %.3f\n" : "%s%s %.3f\n", name, labels ? labels : "", (double)ms / 1000);
}

/* --- Labels ----------------------------------------------------------------------- */

/* Writes the next character, escaped for the format, at most 4 bytes; moves *value past it. */
static size_t take_escaped(const char **value, char out[4])
{
    const char *p = *value;
    size_t len = utf8_len((const unsigned char *)p, strnlen(p, 4));
    *value += len ? len : 1;
    if (*p == '"' || *p == '\\' || *p == '\n') {
        out[0] = '\\';
        out[1] = *p == '\n' ? 'n' : *p;
        return 2;
    }
    if (len == 0)
        p = "?";
    memcpy(out, p, len ? len : 1);
    return len ? len : 1;
}

void metrics_label(char *out, size_t size, const char *key, const char *value)
{
    size_t len = (size_t)snprintf(out, size, "%s=\"", key);
    while (*value) {
        char piece[4];
        size_t more = take_escaped(&value, piece);
        if (len + more + 2 > size)
            break;
        memcpy(out + len, piece, more);
        len += more;
    }
    if (len + 2 <= size)
        memcpy(out + len, "\"", 2);
}

void metrics_write_labels(char *out, size_t size, const char *const *pairs)
{
    size_t len = 0;
    out[0] = '\0';
    for (; *pairs; pairs += 2) {
        const char *key = pairs[0], *value = pairs[1];
        if (!*value || len + strlen(key) + sizeof ",=\"\"" > size)
            continue;
        if (len > 0)
            out[len++] = ',';
        metrics_label(out + len, size - len, key, value);
        len += strlen(out + len);
    }
}

/* --- Histograms -------------------------------------------------------------------- */

void histogram_add(struct histogram *histogram, int64_t duration_us)
{
    const struct scale *scale = &scales[histogram->scale];
    int i = 0;
    while (i < scale->count && duration_us > scale->bounds[i].us)
        i++;
    histogram->counts[i]++;
    histogram->sum_us += (uint64_t)duration_us;
}

void metrics_histogram(struct buf *out, const char *name, const char *labels, const struct histogram *histogram)
{
    const struct scale *scale = &scales[histogram->scale];
    const char *comma = labels ? "," : "";
    const char *open = labels ? "{" : "", *close = labels ? "}" : "";
    uint64_t below = 0;
    if (!labels)
        labels = "";
    for (int i = 0; i <= scale->count; i++) {
        below += histogram->counts[i];
        buf_addf(out, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, comma,
                 i < scale->count ? scale->bounds[i].seconds : "+Inf", below);
    }
    buf_addf(out, "%s_sum%s%s%s %.6f\n", name, open, labels, close, (double)histogram->sum_us / 1e6);
    buf_addf(out, "%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, below);
}
