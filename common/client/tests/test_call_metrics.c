/* The number of series is limited, however many instances there were. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "client/call_metrics.h"

TestSuite(call_metrics, .timeout = 300);

static void call(struct call_metrics *metrics, int number, int status)
{
    char address[32];
    snprintf(address, sizeof address, "10.0.%d.%d", number / 250, number % 250);
    const struct instance instance = {.id = "x", .address = address, .port = 80};
    call_metrics_add(metrics, &(struct call_result){&instance, status, SERVICE_OK, 1000});
}

static size_t count_lines(const struct call_metrics *metrics, const char *wanted)
{
    struct buf out = BUF_INIT(16 << 20);
    size_t count = 0;
    call_metrics_write(metrics, "user-service", &out);
    for (const char *at = buf_text(&out); (at = strstr(at, wanted)); at++)
        count++;
    buf_close(&out);
    return count;
}

Test(call_metrics, series_beyond_the_limit_share_one_address)
{
    struct call_metrics metrics = {.count = 0};
    for (int i = 0; i < 10000; i++)
        call(&metrics, i, 200);
    cr_expect_eq(count_lines(&metrics, "_count{"), CALL_SERIES_MAX + 1);
    cr_expect_eq(count_lines(&metrics, "server_address=\"_OTHER\",service=\"user-service\"} 9744\n"), 1);
    call_metrics_close(&metrics);
}

Test(call_metrics, made_up_statuses_do_not_exceed_the_series_limit)
{
    struct call_metrics metrics = {.count = 0};
    for (int status = 100; status < 1000; status++)
        call(&metrics, 1, status);
    cr_expect_eq(count_lines(&metrics, "_count{"), CALL_SERIES_MAX + 1);
    call_metrics_close(&metrics);
}

Test(call_metrics, prune_without_instances_removes_all_series)
{
    struct call_metrics metrics = {.count = 0};
    const struct balancer_config config = {.policy = BALANCE_RANDOM, .caller = "", .zone = ""};
    struct balancer *balancer = balancer_new(&config);
    call(&metrics, 1, 200);
    call_metrics_prune(&metrics, balancer);
    cr_expect_eq(metrics.count, 0);
    cr_expect_eq(count_lines(&metrics, "_count{"), 0);
    balancer_free(balancer);
    call_metrics_close(&metrics);
}
