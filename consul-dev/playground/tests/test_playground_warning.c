/* The playground's program on real servers: the button that makes an instance warning at Consul. */
#include "buttons.h"
#include "fixture.h"

TestSuite(playground_warning, .timeout = 300);

/* Without slow start, so that the shares are those of the weights from the first call on. */
static void setup_without_slow_start(void)
{
    start_playground((const char *const[]){"LB_SLOW_START=0", NULL});
}

/* It is warned: its weight of 3 has become that of a warning instance, 1 of 4 picks instead of 3 of 6. */
static bool share_is_a_quarter(void *arg)
{
    json_t *state = state_new();
    double share = json_real_value(json_object_get(node_in(state, arg), "share"));
    json_decref(state);
    return share > 0.23 && share < 0.27;
}

Test(playground_warning, warned_instance_is_shown_and_gets_fewer_calls, .init = setup_without_slow_start,
     .fini = teardown)
{
    cr_expect_eq(act("{\"action\":\"load\",\"on\":true,\"rate\":100}"), 200);
    cr_expect_eq(act("{\"action\":\"add\",\"weight\":3}"), 200);
    await_state("user-service-4", "passing");
    expect_shown("warn", "user-service-4", "warning");
    cr_expect(wait_until(share_is_a_quarter, "user-service-4", PATIENCE_MS));
    cr_expect(wait_until(is_called, "user-service-4", PATIENCE_MS));
    expect_shown("unwarn", "user-service-4", "passing");
}

Test(playground_warning, reset_removes_the_warning, .init = setup, .fini = teardown)
{
    cr_expect_eq(act_on("warn", "user-service-1"), 200);
    await_state("user-service-1", "warning");
    put_everything_back();
    await_state(NULL, "passing");
    cr_expect_eq(act_on("warn", "user-service-2"), 200);
    await_state("user-service-2", "warning");
}

static bool is_warned(void *id)
{
    return act_on("warn", id) == 200;
}

Test(playground_warning, warning_needs_an_instance_and_a_registry, .init = setup, .fini = teardown)
{
    expect_refused("{\"action\":\"warn\",\"target\":\"redis\"}", 404, "no_such_process");
    expect_refused("{\"action\":\"warn\",\"target\":\"user-service-9\"}", 404, "no_such_process");
    cr_expect_eq(act_on("kill", "consul"), 200);
    await_state("consul", "gone");
    expect_refused("{\"action\":\"warn\",\"target\":\"user-service-1\"}", 503, "no_registry");
    expect_refused("{\"action\":\"unwarn\",\"target\":\"user-service-1\"}", 503, "no_registry");
    cr_expect_eq(act_on("start", "consul"), 200);
    cr_expect(wait_until(is_warned, "user-service-1", PATIENCE_MS), "once it has registered again");
    await_state("user-service-1", "warning");
    cr_expect_eq(act_on("term", "user-service-1"), 200); /* it deregisters, and its checks go with it */
    await_state("user-service-1", "gone");
    cr_expect_eq(act_on("start", "user-service-1"), 200);
    await_state("user-service-1", "passing");
}
