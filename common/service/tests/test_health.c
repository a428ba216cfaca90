/* The deep health check in virtual time: a dependency that hangs for a second takes no real time here. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/sync.h"
#include "service/health.h"

enum { TIMEOUT_MS = 1000 };

static struct health health;
static int calls;
static bool fails, hangs;

static int check(void *arg, int64_t deadline, char detail[HEALTH_DETAIL_MAX], struct err *err)
{
    calls++;
    if (hangs) {
        fiber_sleep(deadline_left(deadline));
        return err_set(err, ERR_TIMEOUT, "no answer");
    }
    if (fails)
        return err_set(err, ERR_UNREACHABLE, "connection \"refused\"");
    snprintf(detail, HEALTH_DETAIL_MAX, "%s", (const char *)arg);
    return 0;
}

static const struct health_probe vital = {"redis", true, check};
static const struct health_probe shown = {"user-service", false, check};

static void run(void (*body)(void *arg))
{
    log_set_level(LOG_ERROR);
    clock_make_virtual(1000000);
    health = (struct health){.timeout_ms = TIMEOUT_MS};
    loop_run_virtual(body, NULL);
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

static int report(char *out, size_t size)
{
    struct buf body = BUF_INIT(4096);
    int status = health_report(&health, &body);
    snprintf(out, size, "%s", buf_text(&body));
    buf_close(&body);
    return status;
}

static void expect_exact_shape(void *arg)
{
    (void)arg;
    char body[512];
    health_add(&health, &vital, "fine");
    cr_expect_eq(report(body, sizeof body), 200);
    cr_expect_str_eq(body, "{\"status\":\"healthy\",\"checks\":"
                           "{\"redis\":{\"status\":\"healthy\",\"latency_ms\":0.0,\"detail\":\"fine\"}}}");
}

Test(health, report_has_exactly_the_documented_members)
{
    run(expect_exact_shape);
}

static void expect_unhealthy(void *arg)
{
    (void)arg;
    char body[512];
    struct err err = ERR_INIT;
    fails = true;
    health_add(&health, &vital, "");
    cr_expect_eq(report(body, sizeof body), 503);
    cr_expect_str_eq(body, "{\"status\":\"unhealthy\",\"checks\":{\"redis\":{\"status\":\"unhealthy\","
                           "\"latency_ms\":0.0,\"detail\":\"connection \\\"refused\\\"\"}}}");
    cr_expect_eq(health_evaluate(&health, &err), -1);
    cr_expect_str_eq(err.text, "redis: connection \"refused\"");
}

Test(health, failed_vital_check_gives_503_with_the_reason)
{
    run(expect_unhealthy);
}

static void expect_replaced_bytes(void *arg)
{
    (void)arg;
    char body[512];
    health_add(&health, &vital, "caf\xe9 is not UTF-8");
    report(body, sizeof body);
    cr_expect(strstr(body, "\"detail\":\"caf\xef\xbf\xbd is not UTF-8\"}"), "%s", body);
}

Test(health, detail_that_is_not_utf8_is_still_valid_json)
{
    run(expect_replaced_bytes);
}

static void expect_shown_but_ignored(void *arg)
{
    (void)arg;
    char body[512];
    fails = true;
    health_add(&health, &shown, "");
    cr_expect_eq(report(body, sizeof body), 200);
    cr_expect(strstr(body, "{\"status\":\"healthy\",\"checks\":{\"user-service\":{\"status\":\"unhealthy\""), "%s", body);
}

Test(health, optional_check_is_shown_but_does_not_count)
{
    run(expect_shown_but_ignored);
}

static void expect_bounded(void *arg)
{
    (void)arg;
    char body[2048];
    hangs = true;
    for (int i = 0; i < 5; i++)
        health_add(&health, &vital, "");
    int64_t start = clock_ms();
    cr_expect_eq(report(body, sizeof body), 503);
    cr_expect_eq(clock_ms() - start, TIMEOUT_MS, "at the same time, not one after the other");
    cr_expect(strstr(body, "\"latency_ms\":1000.0"), "%s", body);
}

Test(health, report_takes_one_timeout_when_all_checks_hang)
{
    run(expect_bounded);
}

static void get_status(void *arg)
{
    char body[512];
    *(int *)arg = report(body, sizeof body);
}

static void expect_single_flight(void *arg)
{
    (void)arg;
    struct group group = {0};
    int statuses[100] = {0};
    hangs = true;
    health_add(&health, &vital, "");
    for (int i = 0; i < 100; i++)
        group_go(&group, get_status, &statuses[i]);
    group_join(&group);
    cr_expect_eq(calls, 1);
    for (int i = 0; i < 100; i++)
        cr_expect_eq(statuses[i], 503);
}

Test(health, hundred_simultaneous_reports_run_checks_once)
{
    run(expect_single_flight);
}

static void expect_shared_for_a_second(void *arg)
{
    (void)arg;
    struct err err = ERR_INIT;
    health_add(&health, &vital, "");
    cr_expect_eq(health_evaluate(&health, &err), 0);
    fails = true;
    fiber_sleep(999);
    cr_expect_eq(health_evaluate(&health, &err), 0, "the result is still reused");
    cr_expect_eq(calls, 1);
    fiber_sleep(1);
    cr_expect_eq(health_evaluate(&health, &err), -1);
    cr_expect_eq(calls, 2);
}

Test(health, result_is_shared_for_one_second)
{
    run(expect_shared_for_a_second);
}

static void expect_draining(void *arg)
{
    (void)arg;
    char body[512];
    struct err err = ERR_INIT;
    health_add(&health, &vital, "");
    cr_expect_eq(health_evaluate(&health, &err), 0);
    fiber_sleep(5000);
    hangs = true;
    health_drain(&health);
    int64_t start = clock_ms();
    cr_expect_eq(report(body, sizeof body), 503);
    cr_expect_eq(clock_ms(), start, "no check runs while draining");
    cr_expect(strstr(body, "{\"status\":\"draining\",\"checks\":{\"redis\":{\"status\":\"healthy\"") == body, "%s", body);
    cr_expect_eq(health_evaluate(&health, &err), -1);
}

Test(health, draining_is_reported_at_once_without_checks)
{
    run(expect_draining);
}
