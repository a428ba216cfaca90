#include <criterion/criterion.h>
#include <string.h>

#include "base/metrics.h"

TestSuite(metrics, .timeout = 300);

Test(metrics, metric_has_help_type_and_values)
{
    struct buf out = BUF_INIT(1000);
    metrics_head(&out, "calls_total", "counter", "Calls made.");
    metrics_value(&out, "calls_total", NULL, 7);
    metrics_value(&out, "calls_total", "to=\"a\",code=\"200\"", INT64_MAX);
    metrics_seconds(&out, "age_seconds", NULL, 1500);
    metrics_seconds(&out, "age_seconds", "of=\"a\"", 1);
    cr_expect_str_eq(buf_text(&out), "# HELP calls_total Calls made.\n"
                                     "# TYPE calls_total counter\n"
                                     "calls_total 7\n"
                                     "calls_total{to=\"a\",code=\"200\"} 9223372036854775807\n"
                                     "age_seconds 1.500\n"
                                     "age_seconds{of=\"a\"} 0.001\n");
    buf_close(&out);
}

Test(metrics, label_value_is_escaped_for_prometheus)
{
    char out[64];
    metrics_label(out, sizeof out, "id", "user-service-1");
    cr_expect_str_eq(out, "id=\"user-service-1\"");
    metrics_label(out, sizeof out, "id", "a\"b\\c\nd");
    cr_expect_str_eq(out, "id=\"a\\\"b\\\\c\\nd\"");
}

/* Prometheus rejects the whole page for one such byte. */
Test(metrics, invalid_utf8_in_label_becomes_question_mark)
{
    char out[64];
    metrics_label(out, sizeof out, "id", "\xe4\xb8\xad \xff\xe4\xb8");
    cr_expect_str_eq(out, "id=\"\xe4\xb8\xad ???\"");
    metrics_label(out, 8, "id", "ab\xe4\xb8\xad");
    cr_expect_str_eq(out, "id=\"ab\"", "a character is cut whole");
}

Test(metrics, label_without_value_is_left_out)
{
    char out[32];
    metrics_labels(out, sizeof out, "a", "1", "b", "", "c", "3");
    cr_expect_str_eq(out, "a=\"1\",c=\"3\"");
    metrics_labels(out, sizeof out, "a", "");
    cr_expect_str_eq(out, "");
}

Test(metrics, too_long_label_list_is_cut_but_stays_valid)
{
    char out[18];
    memset(out, 'x', sizeof out);
    metrics_labels(out, 17, "a", "12345", "b", "67890", "c", "1");
    cr_expect_str_eq(out, "a=\"12345\",b=\"67\"");
    cr_expect_eq(out[17], 'x');
}

Test(metrics, too_long_label_is_cut_but_stays_valid)
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

/* The value of the one line that starts with `line`; -1: not there. */
static double value_of(const struct buf *out, const char *line)
{
    const char *found = strstr(buf_text(out), line);
    return found ? strtod(found + strlen(line), NULL) : -1;
}

Test(metrics, duration_counts_in_its_bucket_and_all_larger)
{
    struct buf out = BUF_INIT(10000);
    struct histogram histogram = {0};
    histogram_add(&histogram, 0);
    histogram_add(&histogram, 5000); /* a bound belongs to its bucket */
    histogram_add(&histogram, 5001);
    histogram_add(&histogram, 2000000);
    histogram_add(&histogram, 60000000);
    metrics_histogram(&out, "wait_seconds", NULL, &histogram);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{le=\"0.005\"} "), 2);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{le=\"0.01\"} "), 3);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{le=\"1\"} "), 3);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{le=\"2.5\"} "), 4);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{le=\"10\"} "), 4);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{le=\"+Inf\"} "), 5);
    cr_expect_eq(value_of(&out, "wait_seconds_count "), 5);
    cr_expect_float_eq(value_of(&out, "wait_seconds_sum "), 62.010001, 1e-9);
    buf_close(&out);
}

/* The bounds that opentelemetry.io recommends, so that existing dashboards fit. */
Test(metrics, buckets_are_those_of_opentelemetry)
{
    static const char *const http[] = {"0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5",
                                       "0.75",  "1",    "2.5",   "5",    "7.5",   "10",  "+Inf", NULL};
    static const char *const database[] = {"0.001", "0.005", "0.01", "0.05", "0.1", "0.5",
                                           "1",     "5",     "10",   "+Inf", NULL};
    const char *const *const scales[] = {[HISTOGRAM_HTTP] = http, [HISTOGRAM_DATABASE] = database};
    for (int scale = HISTOGRAM_HTTP; scale <= HISTOGRAM_DATABASE; scale++) {
        struct buf out = BUF_INIT(10000), wanted = BUF_INIT(10000);
        struct histogram histogram = {.scale = (enum histogram_scale)scale};
        metrics_histogram(&out, "t", NULL, &histogram);
        for (const char *const *bound = scales[scale]; *bound; bound++)
            buf_addf(&wanted, "t_bucket{le=\"%s\"} 0\n", *bound);
        buf_adds(&wanted, "t_sum 0.000000\nt_count 0\n");
        cr_expect_str_eq(buf_text(&out), buf_text(&wanted));
        buf_close(&out);
        buf_close(&wanted);
    }
}

Test(metrics, histogram_has_its_labels_beside_its_bounds)
{
    struct buf out = BUF_INIT(10000);
    struct histogram histogram = {0};
    histogram_add(&histogram, 300);
    metrics_histogram(&out, "wait_seconds", "to=\"a\"", &histogram);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{to=\"a\",le=\"0.005\"} "), 1);
    cr_expect_eq(value_of(&out, "wait_seconds_bucket{to=\"a\",le=\"+Inf\"} "), 1);
    cr_expect_eq(value_of(&out, "wait_seconds_sum{to=\"a\"} "), 0.0003);
    cr_expect_eq(value_of(&out, "wait_seconds_count{to=\"a\"} "), 1);
    buf_close(&out);
}
