/* The playground's program on real servers: each button, each state, and what it leaves behind. */
#include "buttons.h"
#include "event_stream.h"

TestSuite(playground, .timeout = 300);

/* --- The picture ------------------------------------------------------------------------ */

static bool next_pick_is_explained(void *arg)
{
    (void)arg;
    json_t *state = state_new();
    bool explained = *text_in(json_object_get(json_object_get(state, "discovery"), "next"), "instance");
    json_decref(state);
    return explained;
}

Test(playground, picture_shows_all_processes_in_order, .init = setup, .fini = teardown)
{
    static const char *const ids[] = {"consul",         "postgres",       "redis",         "order-service",
                                      "user-service-1", "user-service-2", "user-service-3"};
    cr_expect(wait_until(next_pick_is_explained, NULL, PATIENCE_MS));
    json_t *state = state_new();
    const json_t *nodes = json_object_get(state, "nodes"), *discovery = json_object_get(state, "discovery");
    cr_assert_eq(json_array_size(nodes), sizeof ids / sizeof *ids);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const json_t *node = json_array_get(nodes, i);
        cr_expect_str_eq(text_in(node, "id"), ids[i]);
        cr_expect_str_eq(text_in(node, "process"), "running", "%s", ids[i]);
        cr_expect_gt(number_in(node, "pid"), 0);
        cr_expect_gt(number_in(node, "port"), 0);
    }
    cr_expect_str_eq(text_in(state, "mode"), "control");
    cr_expect_str_eq(text_in(discovery, "source"), "consul");
    cr_expect_eq(number_in(discovery, "ttl_ms"), 10000);
    json_decref(state);
}

/* --- Buttons: a service -------------------------------------------------------------------- */

Test(playground, each_action_on_a_service_shows_its_state, .init = setup, .fini = teardown)
{
    struct stream stream;
    expect_shown("hang", "user-service-2", "hung");
    cr_expect_eq(act_on("hang", "user-service-2"), 409);
    expect_shown("continue", "user-service-2", "passing");
    stream_open(&stream, ""); /* the state may be shorter than the time between two looks at it */
    expect_shown("term", "user-service-2", "gone");
    cr_expect(stream_await(&stream, "\"code\":\"draining\",\"target\":\"user-service-2\""));
    stream_close(&stream);
    expect_shown("start", "user-service-2", "passing");
    json_t *state = state_new();
    cr_expect_str_eq(text_in(node_in(state, "user-service-2"), "detail"), "", "nothing is left of its former end");
    json_decref(state);
    expect_shown("kill", "user-service-2", "gone");
    await_member("user-service-2", "process", "killed");
    expect_refused("{\"action\":\"kill\",\"target\":\"user-service-2\"}", 409, "is_killed");
    expect_refused("{\"action\":\"continue\",\"target\":\"user-service-2\"}", 409, "is_killed");
    expect_shown("start", "user-service-2", "passing");
    expect_refused("{\"action\":\"start\",\"target\":\"user-service-2\"}", 409, "is_running");
    expect_shown("hang", "user-service-2", "hung");
    cr_expect_eq(act_on("stop", "user-service-2"), 200); /* a hung process must be continued to end */
    await_member("user-service-2", "process", "ended");
}

static const char *reason_for(const json_t *state, const char *id)
{
    const json_t *entry;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(json_object_get(state, "discovery"), "next"), "passed_over"), i,
                       entry) if (strcmp(text_in(entry, "id"), id) == 0) return text_in(entry, "reason");
    return "";
}

static bool is_ejected(void *arg)
{
    json_t *state = state_new();
    bool ejected = json_is_true(json_object_get(node_in(state, arg), "ejected")) && *reason_for(state, arg);
    json_decref(state);
    return ejected;
}

Test(playground, hung_instance_is_ejected_with_its_reason, .init = setup, .fini = teardown)
{
    cr_expect_eq(act("{\"action\":\"load\",\"on\":true,\"rate\":100}"), 200);
    cr_expect_eq(act_on("hang", "user-service-3"), 200);
    int64_t ms = time_until(is_ejected, "user-service-3", PATIENCE_MS);
    cr_assert_geq(ms, 0);
    REPORT("the hung instance is shown as ejected after %lld ms", (long long)ms);
}

/* --- Buttons: a server ------------------------------------------------------------------------ */

Test(playground, lost_redis_makes_all_instances_critical, .init = setup, .fini = teardown)
{
    expect_shown("stop", "redis", "gone");
    for (int i = 1; i <= 3; i++) {
        char id[32];
        snprintf(id, sizeof id, "user-service-%d", i);
        int64_t ms = await_state(id, "critical");
        REPORT("%s is critical after %lld ms", id, (long long)ms);
    }
    json_t *state = state_new();
    cr_expect(strstr(text_in(node_in(state, "user-service-1"), "detail"), "redis:"), "the detail names the check");
    json_decref(state);
    expect_shown("start", "redis", "passing");
    await_state(NULL, "passing");
}

Test(playground, each_server_can_be_stopped_hung_and_killed, .init = setup, .fini = teardown)
{
    static const char *const ids[] = {"consul", "postgres", "redis", "order-service"};
    cr_expect_eq(act("{\"action\":\"load\",\"on\":false}"), 200); /* else order-service drains for 8 s */
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        expect_shown("stop", ids[i], "gone");
        expect_shown("start", ids[i], "passing");
        expect_shown("hang", ids[i], "hung");
        expect_shown("continue", ids[i], "passing");
        expect_shown("kill", ids[i], "gone");
        expect_shown("start", ids[i], "passing");
    }
    await_state(NULL, "passing");
}

static bool has_no_discovery(void *arg)
{
    (void)arg;
    json_t *state = state_new();
    bool none = json_is_null(json_object_get(state, "discovery"));
    json_decref(state);
    return none;
}

Test(playground, stopped_order_service_knows_nothing, .init = setup, .fini = teardown)
{
    cr_expect_eq(act_on("kill", "order-service"), 200);
    cr_expect(wait_until(has_no_discovery, NULL, PATIENCE_MS));
}

/* --- Instances, load and settings ---------------------------------------------------------------- */

Test(playground, instance_can_be_added_and_removed, .init = setup, .fini = teardown)
{
    cr_expect_eq(act("{\"action\":\"add\",\"weight\":3,\"zone\":\"z1\",\"version\":\"2.0.0\"}"), 200);
    await_state("user-service-4", "passing");
    json_t *state = state_new();
    const json_t *node = node_in(state, "user-service-4");
    cr_expect_eq(number_in(node, "weight"), 3);
    cr_expect_str_eq(text_in(node, "zone"), "z1");
    cr_expect_str_eq(text_in(node, "version"), "2.0.0");
    json_decref(state);
    cr_expect(wait_until(is_called, "user-service-4", PATIENCE_MS));
    cr_expect_eq(act_on("remove", "user-service-4"), 200);
    cr_expect(wait_until(is_gone, "user-service-4", PATIENCE_MS));
    expect_refused("{\"action\":\"add\",\"weight\":0}", 422, "wrong_value");
    expect_refused("{\"action\":\"add\",\"zone\":\"a b\"}", 422, "wrong_value");
    expect_refused("{\"action\":\"add\",\"zone\":5}", 422, "wrong_value");
    expect_refused("{\"action\":\"add\",\"version\":{}}", 422, "wrong_value");
    expect_refused("{\"action\":\"remove\",\"target\":\"redis\"}", 409, "is_running");
}

static int64_t calls_of_last_second(const json_t *state)
{
    int64_t calls = 0;
    for (int i = 1; i <= 3; i++) {
        char id[32];
        snprintf(id, sizeof id, "user-service-%d", i);
        calls += number_in(node_in(state, id), "calls");
    }
    return calls;
}

static bool calls_are(void *arg)
{
    json_t *state = state_new();
    int64_t calls = calls_of_last_second(state), wanted = *(int *)arg;
    json_decref(state);
    return calls >= wanted * 9 / 10 && calls <= wanted * 11 / 10;
}

Test(playground, load_can_be_switched_and_its_rate_changed, .init = setup, .fini = teardown)
{
    cr_expect_eq(act("{\"action\":\"load\",\"on\":true,\"rate\":60,\"key\":\"7\"}"), 200);
    cr_expect(wait_until(calls_are, &(int){60}, PATIENCE_MS));
    cr_expect_eq(act("{\"action\":\"load\",\"on\":false}"), 200);
    cr_expect(wait_until(calls_are, &(int){0}, PATIENCE_MS));
    json_t *state = state_new();
    const json_t *load = json_object_get(state, "load");
    cr_expect(json_is_false(json_object_get(load, "on")));
    cr_expect_eq(number_in(load, "rate"), 60);
    cr_expect_str_eq(text_in(load, "key"), "7");
    json_decref(state);
    expect_refused("{\"action\":\"load\",\"rate\":100000}", 422, "wrong_value");
    expect_refused("{\"action\":\"load\",\"key\":\"../x\"}", 422, "wrong_value");
    expect_refused("{\"action\":\"load\",\"on\":1}", 422, "wrong_value");
}

/* --- Events ---------------------------------------------------------------------------------------- */

static uint64_t total_failed(const char *text)
{
    uint64_t failed = 0;
    for (const char *at = text; (at = strstr(at, "\"failed\":")); at++)
        if (strstr(at, "\"slow\":") == at + strcspn(at, ",") + 1)
            failed += strtoull(at + 9, NULL, 10);
    return failed;
}

static bool ttl_is_5_s(void *arg)
{
    (void)arg;
    json_t *state = state_new();
    int64_t ttl_ms = number_in(json_object_get(state, "discovery"), "ttl_ms");
    json_decref(state);
    return ttl_ms == 5000;
}

Test(playground, changed_settings_restart_without_a_failed_call, .init = setup, .fini = teardown)
{
    struct stream stream;
    json_t *state = state_new();
    int64_t pid = number_in(node_in(state, "order-service"), "pid");
    json_decref(state);
    stream_open(&stream, "");
    cr_expect(stream_await(&stream, "event: history"));
    cr_expect_eq(act("{\"action\":\"settings\",\"policy\":\"round_robin\",\"ttl_s\":5}"), 200);
    cr_expect(
        stream_await(&stream, "\"code\":\"settings\",\"target\":\"order-service\","
                              "\"text\":\"round_robin, TTL 5 s, slow start 10 s\""));
    cr_expect(stream_await(&stream, "\"code\":\"stopped\",\"target\":\"order-service\""));
    cr_expect(stream_await(&stream, "\"code\":\"started\",\"target\":\"order-service\""));
    cr_expect(wait_until(calls_are, &(int){20}, PATIENCE_MS));
    cr_expect_eq(total_failed(buf_text(&stream.text)), 0);
    cr_expect(wait_until(ttl_is_5_s, NULL, PATIENCE_MS));
    state = state_new();
    cr_expect_neq(number_in(node_in(state, "order-service"), "pid"), pid);
    json_decref(state);
    expect_refused("{\"action\":\"settings\",\"policy\":\"fastest\"}", 422, "wrong_value");
    expect_refused("{\"action\":\"settings\",\"ttl_s\":0}", 422, "wrong_value");
    expect_refused("{\"action\":\"settings\",\"slow_start_s\":-1}", 422, "wrong_value");
    expect_refused("{\"action\":\"settings\",\"backup_ms\":3001}", 422, "wrong_value");
    expect_refused("{\"action\":\"settings\",\"canary_percent\":101}", 422, "wrong_value");
    stream_close(&stream);
}

Test(playground, two_pages_see_the_same_and_reconnect, .init = setup, .fini = teardown)
{
    struct stream first, second, again;
    char from[64];
    stream_open(&first, "");
    stream_open(&second, "");
    cr_expect(stream_await(&first, "event: history") && stream_await(&second, "event: history"));
    cr_expect(strstr(buf_text(&first.text), "event: state") < strstr(buf_text(&first.text), "event: history"));
    cr_expect_eq(act_on("hang", "redis"), 200);
    cr_expect(stream_await(&first, "\"code\":\"hung\",\"target\":\"redis\""));
    cr_expect(stream_await(&second, "\"code\":\"hung\",\"target\":\"redis\""));
    cr_expect(stream_await(&first, "\"state\":\"hung\"") && stream_await(&second, "event: second"));

    /* The id of this mark, as the browser would send it after a lost connection. */
    const char *mark = strstr(buf_text(&first.text), "\"code\":\"hung\"");
    while (strncmp(mark, "id: ", 4) != 0)
        mark--;
    snprintf(from, sizeof from, "Last-Event-ID: %d\r\n", atoi(mark + 4));
    stream_close(&first);
    cr_expect_eq(act_on("continue", "redis"), 200);
    cr_expect(stream_await(&second, "\"code\":\"continued\",\"target\":\"redis\""));
    stream_open(&again, from);
    cr_expect(stream_await(&again, "event: mark\ndata: {\"id\":"));
    const char *sent_again = strstr(buf_text(&again.text), "event: mark");
    cr_expect(strstr(sent_again, "continued"), "the marks after that one are sent again");
    cr_expect_null(strstr(sent_again, "\"hung\",\"target\":\"redis\",\"text\""), "but not that one");
    stream_close(&again);
    stream_close(&second);
}

/* --- Put everything back, and scenarios -------------------------------------------------------------- */

Test(playground, reset_puts_everything_back, .init = setup, .fini = teardown)
{
    cr_expect_eq(act("{\"action\":\"add\"}"), 200);
    cr_expect_eq(act_on("kill", "consul"), 200);
    cr_expect_eq(act_on("hang", "user-service-1"), 200);
    cr_expect_eq(act_on("remove", "user-service-3"), 200);
    cr_expect_eq(act("{\"action\":\"load\",\"on\":false}"), 200);
    cr_expect(wait_until(is_gone, "user-service-3", PATIENCE_MS));
    cr_expect_eq(act("{\"action\":\"reset\"}"), 200);
    cr_expect(!is_back(NULL), "Consul has to start first");
    cr_expect(wait_until(is_back, NULL, PATIENCE_MS));
    cr_expect(wait_until(is_gone, "user-service-4", 0), "it is over only when everything is back");
    await_state("user-service-3", "passing");
    await_state(NULL, "passing");
    cr_expect(wait_until(calls_are, &(int){20}, PATIENCE_MS));
}

static bool scenario_has_ended(void *arg)
{
    json_t *state = state_new();
    const char *now = text_in(json_object_get(state, "scenario"), "state");
    bool ended = *now && strcmp(now, "running") != 0;
    snprintf(arg, 16, "%s", now);
    json_decref(state);
    return ended;
}

Test(playground, scenario_passes_and_another_can_be_stopped, .init = setup, .fini = teardown)
{
    char result[16] = "";
    expect_refused("{\"action\":\"scenario\",\"name\":\"none\"}", 404, "no_such_scenario");
    expect_refused("{\"action\":\"scenario-stop\"}", 409, "no_scenario");
    cr_expect_eq(act("{\"action\":\"scenario\",\"name\":\"redis-lost\"}"), 200);
    expect_refused("{\"action\":\"stop\",\"target\":\"redis\"}", 409, "scenario_running");
    cr_expect(wait_until(scenario_has_ended, result, 3 * PATIENCE_MS));
    cr_expect_str_eq(result, "passed");
    json_t *state = state_new();
    const json_t *seen = json_object_get(json_object_get(state, "scenario"), "seen");
    cr_expect_gt(number_in(seen, "calls"), 0);
    cr_expect_eq(number_in(seen, "failed"), 0);
    cr_expect_gt(number_in(seen, "panic_after_ms"), 0);
    json_decref(state);
    await_state(NULL, "passing");

    cr_expect_eq(act("{\"action\":\"scenario\",\"name\":\"hung-instance\"}"), 200);
    await_state("user-service-2", "hung");
    cr_expect_eq(act("{\"action\":\"scenario-stop\"}"), 200);
    cr_expect(wait_until(scenario_has_ended, result, PATIENCE_MS));
    cr_expect_str_eq(result, "stopped");
    await_state(NULL, "passing");
    cr_expect_eq(act_on("kill", "redis"), 200);
    await_state("redis", "gone");
    expect_refused("{\"action\":\"scenario\",\"name\":\"storm\"}", 409, "not_all_running");
}
