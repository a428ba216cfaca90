#include "real.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "checker/check.h"
#include "harness/view.h"

enum { PATIENCE_MS = 15000 };

static struct world world;
static struct service users[2], orders;

static void start(struct service *service, const char *program, const char *const env[])
{
    struct err err = ERR_INIT;
    if (service_start(service, &world, program, env, &err) != 0)
        fail_here("%s", err.text);
}

static bool both_are_known(void *arg)
{
    (void)arg;
    struct view view;
    view_take(&orders, "user-service", &view);
    return view.usable == 2;
}

/* A machine that stalls for a moment must not cause a retry or a failed health check: the expected counts are exact. */
#define PATIENT "HEALTH_TIMEOUT=10s", "CHECK_TIMEOUT=20s", "DATABASE_TIMEOUT=20s"

static void open_stage(void)
{
    struct err err = ERR_INIT;
    if (world_start(&world, &err) != 0)
        fail_here("%s", err.text);
    start(&users[0], "user-service", (const char *[]){"SERVICE_ID=A", "SERVICE_WEIGHT=3", PATIENT, NULL});
    start(&users[1], "user-service", (const char *[]){"SERVICE_ID=B", "SERVICE_WEIGHT=1", PATIENT, NULL});
    start(&orders, getenv("EXERCISE_PROGRAM"), (const char *[]){"LB_POLICY=weighted", "CALL_TIMEOUT=14s", NULL});
    if (!wait_until(both_are_known, NULL, PATIENCE_MS))
        fail_here("order-service does not list both user-services as passing");
}

static void close_stage(void)
{
    proc_stop(&orders.proc, SIGKILL, 0); /* SIGKILL: no need to drain */
    for (int i = 0; i < 2; i++)
        proc_stop(&users[i].proc, SIGKILL, 0);
    world_stop(&world);
}

static void count_calls(int requests, int *a, int *b)
{
    struct probe *probe = probe_new();
    *a = *b = 0;
    for (int i = 0; i < requests; i++) {
        struct called called;
        view_call(probe, &orders, 1 + i % 1000, &called);
        if (called.status != 200)
            fail(TEXT("for real: call %d through order-service answered %d instead of 200",
                      "真实运行：通过 order-service 的第 %d 次调用返回了 %d，而不是 200"),
                 i + 1, called.status);
        *a += strcmp(called.upstream, "A") == 0;
        *b += strcmp(called.upstream, "B") == 0;
    }
    probe_free(probe);
}

void real_calls(void)
{
    static const int rounds[] = {4, 400};
    open_stage();
    for (int i = 0; i < 2; i++) {
        int a, b;
        count_calls(rounds[i], &a, &b);
        if (a != rounds[i] * 3 / 4)
            fail(TEXT("for real, %d calls: expected A=%d B=%d by X-Upstream, got A=%d B=%d",
                      "真实运行，%d 次调用：按 X-Upstream 应为 A=%d B=%d，实际 A=%d B=%d"),
                 rounds[i], rounds[i] * 3 / 4, rounds[i] / 4, a, b);
    }
    close_stage();
}
