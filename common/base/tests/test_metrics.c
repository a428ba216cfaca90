#include <criterion/criterion.h>
#include <string.h>

#include "base/metrics.h"

TestSuite(metrics, .timeout = 20);

Test(metrics, a_metric_is_its_help_its_type_and_its_values)
{
    struct buf out = BUF_INIT(1000);
    metrics_head(&out, "calls_total", "counter", "Calls made.");
    metrics_value(&out, "calls_total", NULL, 7);
    metrics_value(&out, "calls_total", "to=\"a\",code=\"200\"", INT64_MAX);
    cr_expect_str_eq(buf_text(&out), "# HELP calls_total Calls made.\n"
                                     "# TYPE calls_total counter\n"
                                     "calls_total 7\n"
                                     "calls_total{to=\"a\",code=\"200\"} 9223372036854775807\n");
    buf_close(&out);
}

Test(metrics, a_label_is_escaped_as_prometheus_reads_it)
{
    char out[64];
    metrics_label(out, sizeof out, "id", "user-service-1");
    cr_expect_str_eq(out, "id=\"user-service-1\"");
    metrics_label(out, sizeof out, "id", "a\"b\\c\nd");
    cr_expect_str_eq(out, "id=\"a\\\"b\\\\c\\nd\"");
}

Test(metrics, a_label_that_is_too_long_is_cut_but_stays_a_label)
{
    const char *const values[] = {"abcdefghijklmnop", "\\\\\\\\\\\\\\\\\\\\", "a\"\"\"\"\"\"\"\"\""};
    for (size_t i = 0; i < 3; i++) {
        char out[13];
        memset(out, 'x', sizeof out);
        metrics_label(out, 12, "id", values[i]);
        size_t len = strnlen(out, sizeof out);
        cr_assert_lt(len, 12, "%s", values[i]);
        cr_expect_eq(out[len - 1], '"');
        cr_expect_eq(out[12], 'x');
        size_t backslashes = 0;
        while (out[len - 2 - backslashes] == '\\')
            backslashes++;
        cr_expect_eq(backslashes % 2, 0, "%s", out);
    }
}

/* The value of the one line that begins with `line`; -1: not there. */
static double value_of(const struct buf *out, const char *line)
{
    const char *found = strstr(buf_text(out), line);
    return found ? strtod(found + strlen(line), NULL) : -1;
}

Test(metrics, each_duration_counts_in_every_bucket_that_is_not_below_it)
{
    struct buf out = BUF_INIT(10000);
    struct histogram histogram = {0};
    histogram_add(&histogram, 0);
    histogram_add(&histogram, 100); /* a bound belongs to its bucket */
    histogram_add(&histogram, 101);
    histogram_add(&histogram, 2000000);
    histogram_add(&histogram, 60000000);
    metrics_histogram(&out, "wait_seconds", NULL, &histogram);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{le=\"0.0001\"} "), 2);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{le=\"0.00025\"} "), 3);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{le=\"1\"} "), 3);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{le=\"2.5\"} "), 4);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{le=\"10\"} "), 4);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{le=\"+Inf\"} "), 5);
    cr_expect_eq(value_of(&out, "wait_seconds_count "), 5);
    cr_expect_float_eq(value_of(&out, "wait_seconds_sum "), 62.000201, 1e-9);
    buf_close(&out);
}

Test(metrics, a_histograms_labels_stand_beside_its_bounds)
{
    struct buf out = BUF_INIT(10000);
    struct histogram histogram = {0};
    histogram_add(&histogram, 300);
    metrics_histogram(&out, "wait_seconds", "to=\"a\"", &histogram);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{to=\"a\",le=\"0.0005\"} "), 1);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{to=\"a\",le=\"+Inf\"} "), 1);
    cr_expect_eq(value_of(&out, "wait_seconds_sum{to=\"a\"} "), 0.0003);
    cr_expect_eq(value_of(&out, "wait_seconds_count{to=\"a\"} "), 1);
    buf_close(&out);
}
