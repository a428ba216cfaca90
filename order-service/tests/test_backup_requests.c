/* One of three user-services is stopped with SIGSTOP: it accepts calls, and never replies. */
#include <stdlib.h>

#include "scene.h"
#include "scene_requests.h"

TestSuite(backup_requests, .timeout = 300);

enum {
    HUNG = 1,
    CALLS = 300,
    HUNG_CALLS_MAX = 10, /* five are overtaken, one tests it; the others are for a busy machine, on which others are slow, too */
    P99_MAX_MS = 2500,   /* an attempt's share of the call is 3 s */
};

/* Its check never fails, so only the calls show that it hangs. */
static void open_with_backups(void)
{
    user_settings[0] = "SERVICE_CHECK=none";
    user_settings[1] = order_settings[2] = "DATABASE_TIMEOUT=20s";
    order_settings[0] = "CALL_BACKUP_AFTER=20ms";
    order_settings[1] = "LB_POLICY=round_robin";
    open_scene();
    proc_signal(&users[HUNG].proc, SIGSTOP);
}

static void close_with_backups(void)
{
    proc_signal(&users[HUNG].proc, SIGCONT);
    close_scene();
}

static int by_time(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static int64_t picks_of(int i)
{
    struct view view;
    view_take(&orders, "user-service", &view);
    const struct seen *seen = view_find(&view, user_id(i));
    return seen ? seen->picks : -1;
}

/* Each call succeeds, and the reply names an instance that works. Returns the time of one call in µs. */
static int64_t call_once(struct probe *probe)
{
    char url[SERVICE_URL_MAX], upstream[64];
    struct probe_reply reply = {0};
    cr_expect_eq(probe_get(probe, service_url(&orders, "/users/7", url), &reply), 200);
    cr_expect_str_neq(probe_header(&reply, "X-Upstream", upstream, sizeof upstream), user_id(HUNG));
    int64_t took_us = reply.took_us;
    probe_reply_close(&reply);
    return took_us;
}

Test(backup_requests, hung_instance_costs_callers_little, .init = open_with_backups, .fini = close_with_backups)
{
    static int64_t took_us[CALLS];
    int64_t picks_before = picks_of(HUNG), others_before = picks_of(0) + picks_of(2);
    struct probe *probe = probe_new();
    int64_t begin = clock_ms();
    for (int i = 0; i < CALLS; i++)
        took_us[i] = call_once(probe);
    probe_free(probe);
    qsort(took_us, CALLS, sizeof *took_us, by_time);
    int64_t p99_ms = took_us[CALLS * 99 / 100] / 1000;
    int64_t hung = picks_of(HUNG) - picks_before, others = picks_of(0) + picks_of(2) - others_before;
    REPORT("%d calls since the instance hangs: p50 %.1f ms, p99 %lld ms, the slowest %lld ms", CALLS,
           (double)took_us[CALLS / 2] / 1000, (long long)p99_ms, (long long)took_us[CALLS - 1] / 1000);
    REPORT("%lld attempts at the hung instance; load on the others: %.3f attempts for a call", (long long)hung,
           (double)others / CALLS);
    cr_expect_leq(p99_ms, P99_MAX_MS);
    cr_expect_leq(hung, HUNG_CALLS_MAX);
    /* At most the budget: a fifth of the calls, and four a second. */
    cr_expect_leq(others, CALLS * 12 / 10 + 4 * (clock_ms() - begin) / 1000);
    cr_expect_not(replies(&orders, "/metrics", 200, "service_call_backups_won_total{service=\"user-service\"} 0\n"));
}

/* --- Orders ----------------------------------------------------------------------------- */

static int64_t place_order(void)
{
    char url[SERVICE_URL_MAX], location[64];
    struct probe_reply reply = {0};
    struct probe_request request = {.url = service_url(&orders, "/orders", url),
                                    .body = "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":1}"};
    cr_expect_eq(probe_send(NULL, &request, &reply, &err), 0, "%s", err.text);
    cr_expect_eq(reply.status, 201, "%s", buf_text(&reply.body));
    const char *id = strrchr(probe_header(&reply, "Location", location, sizeof location), '/');
    int64_t number = id ? atoll(id + 1) : -1;
    probe_reply_close(&reply);
    return number;
}

/* A second row of the same order would take the next number. */
Test(backup_requests, orders_are_stored_once, .init = open_with_backups, .fini = close_with_backups)
{
    int64_t first = place_order();
    for (int64_t i = 1; i < 20; i++)
        cr_expect_eq(place_order(), first + i);
    cr_expect_not(replies(&orders, "/metrics", 200, "service_call_backups_total{service=\"user-service\"} 0\n"));
}
