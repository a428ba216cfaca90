/* One of three user-services hangs under 64 connections that send requests as fast as
 * they can. Alone in its file, so that no other test uses the cores meanwhile. */
#include "scene.h"
#include "scene_requests.h"

TestSuite(outages_crowd, .timeout = 300);

enum {
    CONNECTIONS = 64,
    AT_ONCE = 1000000, /* a second: no pause between two requests */
    SPAN_MS = 5000,
};

static bool has_passed(void *arg)
{
    return deadline_left(*(int64_t *)arg) == 0;
}

/* Requests per second; fails the test if one of them failed. */
static double measure(struct load *load, const char *when)
{
    struct load_count count;
    int64_t begin = clock_ms(), end = deadline_in(SPAN_MS);
    load_take(load, &count);
    cr_expect_eq(count.failed, 0, "before %s: %s", when, count.first_failure);
    wait_until(has_passed, &end, 2 * SPAN_MS);
    load_take(load, &count);
    expect_no_failure(&count, when);
    return (double)count.ok * 1000 / (double)(clock_ms() - begin);
}

Test(outages_crowd, one_hung_instance_of_three_fails_no_request, .init = open_scene, .fini = close_scene)
{
    enum { HUNG = 1 };
    cr_expect_eq(service_stop(&users[HUNG]), 0);
    struct load *load = load_orders(CONNECTIONS, AT_ONCE);
    double with_two = measure(load, "two healthy");

    start_user(HUNG);
    cr_expect(wait_until(user_is_usable, &(int){HUNG}, PATIENCE_MS));
    proc_pause(&users[HUNG].proc);
    await(user_is_avoided, &(int){HUNG}, PATIENCE_MS, "hung: order-service avoids it");
    double with_hung = measure(load, "two healthy, one hung");
    REPORT("%.0f requests/s with two, %.0f with one more that hangs: ratio %.2f", with_two, with_hung,
           with_hung / with_two);

    proc_resume(&users[HUNG].proc);
    await(user_is_usable, &(int){HUNG}, PATIENCE_MS, "resumed: passing and used");
    stop_load(load, "until it is used again");
}
