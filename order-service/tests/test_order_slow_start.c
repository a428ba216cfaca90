/* Slow start on real servers: the calls to an instance that registers beside two others. How many it
 * gets is compared with the time that has passed, so a slow machine changes nothing. */
#include "base/clock.h"
#include "harness/view.h"
#include "service/tests/service_case.h"

TestSuite(order_slow_start, .timeout = 300);

enum { PATIENCE_MS = 60000, WINDOW_MS = 10000, BATCH = 60, ALL = 3 };

static struct world world;
static struct service users[ALL], orders;
static struct err err;

static const char *id_of(int i)
{
    return (const char *const[]){"user-service-1", "user-service-2", "user-service-3"}[i];
}

static void start_user(int i)
{
    char id[64];
    snprintf(id, sizeof id, "SERVICE_ID=%s", id_of(i));
    start_service(&users[i], &world, "user-service", (const char *[]){id, "HEALTH_TIMEOUT=20s", "CHECK_TIMEOUT=30s", NULL});
}

static bool are_usable(void *arg)
{
    const int *count = arg;
    struct view view;
    view_take(&orders, "user-service", &view);
    return view.usable == *count;
}

static bool consul_lists_two(void *arg)
{
    (void)arg;
    return consul_count(&world.consul, "user-service", true) == 2;
}

static void open_world(void)
{
    cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
    start_user(0);
    start_user(1);
    cr_assert(wait_until(consul_lists_two, NULL, PATIENCE_MS));
    start_service(&orders, &world, "order-service",
                  (const char *[]){"LB_SLOW_START=10s", "LB_POLICY=round_robin", "CALL_TIMEOUT=30s", NULL});
    cr_assert(wait_until(are_usable, &(int){2}, PATIENCE_MS));
}

static void close_world(void)
{
    cr_expect_eq(service_stop(&orders), 0);
    for (int i = 0; i < ALL; i++)
        service_stop(&users[i]);
    world_stop(&world);
}

/* Of BATCH calls: how many go to this instance. */
static int calls_to(int i)
{
    int count = 0;
    for (int call = 1; call <= BATCH; call++) {
        struct called called;
        view_call(NULL, &orders, call, &called);
        cr_expect_eq(called.status, 200);
        count += strcmp(called.upstream, id_of(i)) == 0;
    }
    return count;
}

/* What it gets beside two others of the same weight, when its slow start has lasted so long. */
static double expected(int64_t elapsed_ms)
{
    double share = elapsed_ms >= WINDOW_MS ? 1 : (double)elapsed_ms / WINDOW_MS;
    share = share > .1 ? share : .1;
    return BATCH * share / (2 + share);
}

static bool body_has(const char *path, const char *text)
{
    char *body = body_of(&orders, path);
    bool has = strstr(body, text) != NULL;
    free(body);
    return has;
}

static bool is_in_slow_start(void)
{
    return body_has("/metrics", "discovery_instances_in_slow_start{service=\"user-service\"} 1\n");
}

/* When order-service saw it first: between these two times. */
static void await_third(int64_t *before_ms, int64_t *after_ms)
{
    int64_t end_ms = clock_ms() + PATIENCE_MS;
    start_user(2);
    do {
        cr_assert_lt(clock_ms(), end_ms, "the third instance does not become usable");
        *before_ms = clock_ms();
    } while (!are_usable(&(int){3}));
    *after_ms = clock_ms();
}

Test(order_slow_start, calls_to_a_new_instance_ramp, .init = open_world, .fini = close_world)
{
    int64_t before_ms, after_ms;
    int batches = 0, named = 0, got = calls_to(0);
    cr_expect(got == BATCH / 2, "%d of %d: the first two start alike", got, BATCH);
    cr_expect(!is_in_slow_start());
    await_third(&before_ms, &after_ms);
    cr_expect(is_in_slow_start());
    for (; is_in_slow_start(); batches++) {
        named += body_has("/discovery/explain?service=user-service&key=1", "in slow start: ");
        int64_t begin_ms = clock_ms();
        got = calls_to(2);
        double low = expected(begin_ms - after_ms) - 2, high = expected(clock_ms() - before_ms) + 2;
        cr_expect(got >= low && got <= high, "after %lld ms: %d of %d calls, expected %.0f to %.0f",
                  (long long)(begin_ms - after_ms), got, BATCH, low, high);
    }
    cr_expect(batches == 0 || named > 0, "explain names the slow start");
    cr_expect_geq(clock_ms() - before_ms, WINDOW_MS);
    got = calls_to(2);
    cr_expect(got >= BATCH / ALL - 1 && got <= BATCH / ALL + 1, "%d of %d: its full share", got, BATCH);
}
