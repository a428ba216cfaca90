/* The playground's program on real servers: maintenance and weight of an instance, and the two stories about
 * releases and slow instances. */
#include "buttons.h"
#include "fixture.h"
#include "scenario.h"

TestSuite(playground_operate, .timeout = 300);

static bool is_not_called(void *id)
{
    return !is_called(id);
}

/* Its weight is 4, beside two of weight 1: 4 of 6. */
static bool share_is_two_thirds(void *id)
{
    json_t *state = state_new();
    double share = json_real_value(json_object_get(node_in(state, id), "share"));
    json_decref(state);
    return share > 0.62 && share < 0.71;
}

static void setup_without_slow_start(void)
{
    start_playground((const char *const[]){"LB_SLOW_START=0", NULL});
}

Test(playground_operate, instance_in_maintenance_gets_no_calls, .init = setup, .fini = teardown)
{
    cr_expect(wait_until(is_called, "user-service-2", PATIENCE_MS));
    expect_shown("maintain", "user-service-2", "maintenance");
    cr_expect(wait_until(is_not_called, "user-service-2", PATIENCE_MS));
    expect_shown("unmaintain", "user-service-2", "passing");
    cr_expect(wait_until(is_called, "user-service-2", PATIENCE_MS));
}

Test(playground_operate, changed_weight_changes_the_share, .init = setup_without_slow_start, .fini = teardown)
{
    cr_expect_eq(act("{\"action\":\"load\",\"on\":true,\"rate\":100}"), 200);
    cr_expect_eq(act("{\"action\":\"weight\",\"target\":\"user-service-2\",\"weight\":4}"), 200);
    cr_expect(wait_until(share_is_two_thirds, "user-service-2", PATIENCE_MS));
}

Test(playground_operate, reset_ends_maintenance_and_weights, .init = setup, .fini = teardown)
{
    cr_expect_eq(act_on("maintain", "user-service-1"), 200);
    cr_expect_eq(act("{\"action\":\"weight\",\"target\":\"user-service-2\",\"weight\":4}"), 200);
    await_state("user-service-1", "maintenance");
    cr_expect_eq(act_on("kill", "consul"), 200); /* it does not know of the maintenance any more */
    await_state("consul", "gone");
    put_everything_back();
    await_state("consul", "passing");
    await_state(NULL, "passing");
    json_t *state = state_new();
    cr_expect_eq(number_in(node_in(state, "user-service-2"), "weight"), 1);
    json_decref(state);
}

Test(playground_operate, only_an_instance_that_runs_can_be_changed, .init = setup, .fini = teardown)
{
    expect_refused("{\"action\":\"maintain\",\"target\":\"redis\"}", 404, "no_such_process");
    expect_refused("{\"action\":\"weight\",\"target\":\"user-service-1\"}", 422, "wrong_value");
    expect_refused("{\"action\":\"weight\",\"target\":\"user-service-1\",\"weight\":0}", 422, "wrong_value");
    cr_expect_eq(act_on("kill", "user-service-1"), 200);
    await_state("user-service-1", "gone");
    expect_refused("{\"action\":\"maintain\",\"target\":\"user-service-1\"}", 409, "not_running");
    expect_refused("{\"action\":\"weight\",\"target\":\"user-service-1\",\"weight\":2}", 409, "not_running");
}

/* --- Stories ----------------------------------------------------------------------------- */

static void expect_settings_as_before(void)
{
    json_t *state = state_new();
    const json_t *settings = json_object_get(state, "settings");
    cr_expect_str_eq(text_in(settings, "policy"), "weighted");
    cr_expect_eq(number_in(settings, "backup_ms"), 0);
    cr_expect(json_is_null(json_object_get(settings, "canary_percent")));
    json_decref(state);
}

/* The shares are exact, so no instance may be out for a moment because the machine is busy. */
static void setup_patient(void)
{
    start_playground((const char *const[]){"HEALTH_TIMEOUT=20s", "CHECK_TIMEOUT=30s", "DATABASE_TIMEOUT=20s", NULL});
}

Test(playground_operate, canary_release_follows_its_shares, .init = setup_patient, .fini = teardown)
{
    cr_expect_eq(start_scenario("canary-release", "en"), 200);
    json_t *scenario = ended_scenario_new("canary-release"), *seen = json_object_get(scenario, "seen");
    cr_expect_str_eq(text_in(scenario, "state"), "passed");
    REPORT("canary: %lld, %lld, %lld and %lld %% of the calls, %lld of %lld failed",
           (long long)number_in(seen, "canary_0"), (long long)number_in(seen, "canary_10"),
           (long long)number_in(seen, "canary_100"), (long long)number_in(seen, "canary_back"), (long long)number_in(seen, "failed"),
           (long long)number_in(seen, "calls"));
    json_decref(scenario);
    expect_settings_as_before();
}

Test(playground_operate, slow_instance_gets_fewer_calls, .init = setup, .fini = teardown)
{
    cr_expect_eq(start_scenario("slow-instance", "en"), 200);
    json_t *scenario = ended_scenario_new("slow-instance"), *seen = json_object_get(scenario, "seen");
    cr_expect_str_eq(text_in(scenario, "state"), "passed");
    REPORT("%lld of %lld calls failed, %lld slow", (long long)number_in(seen, "failed"), (long long)number_in(seen, "calls"),
           (long long)number_in(seen, "slow"));
    REPORT("slow instance: round robin %lld %%, p99 %lld ms; least request %lld %%, p99 %lld ms; backup p99 %lld ms",
           (long long)number_in(seen, "share_round_robin"), (long long)number_in(seen, "p99_round_robin_ms"),
           (long long)number_in(seen, "share_least_request"), (long long)number_in(seen, "p99_least_request_ms"),
           (long long)number_in(seen, "p99_backup_ms"));
    json_decref(scenario);
    expect_settings_as_before();
}
