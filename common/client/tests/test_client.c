/* The client in virtual time, with a fake registry and fake instances: retries, deadlines,
 * budget, missing instances, views and metrics. */
#include "client/tests/client_calls.h"

TestSuite(client, .init = setup, .fini = teardown, .timeout = 300);

/* --- One call ------------------------------------------------------------------------ */

static void good_call(void)
{
    cr_expect_eq(get(""), SERVICE_OK);
    cr_expect_eq(reply.status, 200);
    cr_expect_str_eq(reply.instance, "a");
    cr_expect_str_eq(reply.source, "consul");
    cr_expect_eq(upstreams['a'].calls, 1);
}

Test(client, call_reaches_an_instance_found_by_discovery)
{
    run(good_call);
}

/* --- The limit of concurrent calls ------------------------------------------------------- */

static int done;

static void call_instance(void *arg)
{
    const struct service_call call = {.service = "user-service", .path = "/users/7", .key = "", .trace = &trace,
                                      .deadline = arg ? *(int64_t *)arg : DEADLINE_NONE, .body_cap = 65536};
    struct service_reply own = SERVICE_REPLY_INIT;
    service_client_get(client, &call, &own);
    done += own.outcome == SERVICE_OK;
    if (own.outcome != SERVICE_OK) {
        cr_expect_eq(own.outcome, SERVICE_UNREACHABLE);
        cr_expect_str_eq(own.err.text, "at the limit of 2 concurrent calls to other services");
    }
    service_reply_close(&own);
}

static void six_calls_two_at_a_time(void)
{
    struct group group = {0};
    upstreams['a'].takes_ms = upstreams['b'].takes_ms = upstreams['c'].takes_ms = 100;
    int64_t began = clock_ms();
    for (int i = 0; i < 6; i++)
        group_go(&group, call_instance, NULL);
    group_join(&group);
    cr_expect_eq(done, 6);
    cr_expect_eq(clock_ms() - began, 300);
}

Test(client, calls_over_the_limit_wait_for_their_turn)
{
    config.max_calls = 2;
    run(six_calls_two_at_a_time);
}

static char order_of_calls[16];

static void call_again_and_again(void *arg)
{
    for (int i = 0; i < 3; i++) {
        call_instance(NULL);
        strcat(order_of_calls, arg);
    }
}

static void two_take_turns(void)
{
    struct group group = {0};
    upstreams['a'].takes_ms = upstreams['b'].takes_ms = upstreams['c'].takes_ms = 100;
    int64_t began = clock_ms();
    group_go(&group, call_again_and_again, "1");
    group_go(&group, call_again_and_again, "2");
    group_join(&group);
    cr_expect_str_eq(order_of_calls, "121212");
    cr_expect_eq(clock_ms() - began, 600, "no two at once");
}

/* A new call waits behind those that wait already. */
Test(client, calls_at_the_limit_get_their_turn_in_order)
{
    config.max_calls = 1;
    run(two_take_turns);
}

static void no_turn_in_time(void)
{
    struct group group = {0};
    int64_t deadline = deadline_in(50);
    upstreams['a'].takes_ms = upstreams['b'].takes_ms = upstreams['c'].takes_ms = 100;
    group_go(&group, call_instance, NULL);
    group_go(&group, call_instance, NULL);
    group_go(&group, call_instance, &deadline);
    group_join(&group);
    cr_expect_eq(done, 2);
    cr_expect_eq(upstreams['a'].calls + upstreams['b'].calls + upstreams['c'].calls, 2, "no instance was called for it");
}

Test(client, call_without_a_turn_fails_and_calls_no_instance)
{
    config.max_calls = 2;
    run(no_turn_in_time);
}

static void each_retried(void)
{
    static const enum fake_behaviour kinds[] = {REFUSES, RESETS, REPLIES_500, REDIRECTS, GARBAGE, HUGE_BODY, HANGS};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        upstreams['a'].behaviour = kinds[i];
        upstreams['b'].behaviour = upstreams['c'].behaviour = HEALTHY;
        for (int call = 0; call < 3; call++) {
            cr_expect_eq(get(""), SERVICE_OK);
            cr_expect_str_neq(reply.instance, "a");
        }
    }
    cr_expect_eq(upstreams['a'].calls, 5); /* then it is ejected */
}

Test(client, each_failure_is_retried_on_another_instance)
{
    run(each_retried);
}

/* With consistent_hash, a second pick with the same key would give the same instance again. */
static void retried_elsewhere(void)
{
    upstreams['a'].behaviour = REPLIES_500;
    for (int i = 0; i < 20; i++) {
        char key[8];
        snprintf(key, sizeof key, "%d", i);
        cr_expect_eq(get(key), SERVICE_OK);
    }
    cr_expect_eq(upstreams['a'].calls, 5); /* then it is ejected */
}

Test(client, consistent_hash_retry_goes_to_another_instance)
{
    config.policy = BALANCE_CONSISTENT_HASH;
    run(retried_elsewhere);
}

static void outcomes(void)
{
    static const struct {
        enum fake_behaviour behaviour;
        enum service_outcome outcome;
        int calls;
        const char *text;
    } table[] = {
        {REFUSES, SERVICE_UNREACHABLE, 3, "connection refused"},
        {REPLIES_500, SERVICE_FAILED, 3, "answered 500"},
        {RESETS, SERVICE_BROKEN, 3, "connection reset"},
        {REDIRECTS, SERVICE_BROKEN, 3, "answered with a redirect, 302"},
        {GARBAGE, SERVICE_BROKEN, 3, "answered 200 with something that is not a JSON object"},
        {HUGE_BODY, SERVICE_BROKEN, 3, "over 65536 bytes"},
        {HANGS, SERVICE_TIMED_OUT, 3, "no answer"},
        {OUT_OF_MEMORY, SERVICE_UNREACHABLE, 1, "out of memory"},
        {REPLIES_404, SERVICE_OK, 1, ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        all_are(HEALTHY);
        for (int call = 0; call < 3; call++)
            get(""); /* resets the failures in a row */
        all_are(table[i].behaviour);
        upstreams['a'].calls = upstreams['b'].calls = upstreams['c'].calls = 0;
        int64_t began = clock_ms();
        cr_expect_eq(get(""), table[i].outcome, "row %zu: %d", i, (int)reply.outcome);
        cr_expect_eq(upstreams['a'].calls + upstreams['b'].calls + upstreams['c'].calls, table[i].calls, "row %zu", i);
        cr_expect(strstr(reply.err.text, table[i].text) != NULL, "row %zu: %s", i, reply.err.text);
        cr_expect_eq(clock_ms() - began, table[i].behaviour == HANGS ? 3000 : 0);
    }
}

Test(client, outcome_names_the_failure_of_all_instances)
{
    run(outcomes);
}

static void not_found(void)
{
    all_are(REPLIES_404);
    for (int i = 0; i < 60; i++) {
        cr_expect_eq(get(""), SERVICE_OK);
        cr_expect_eq(reply.status, 404);
    }
    cr_expect_eq(upstreams['a'].calls, 20);
}

Test(client, reply_404_passes_through_and_ejects_no_instance)
{
    run(not_found);
}

static void no_instance(void)
{
    cr_expect_eq(get(""), SERVICE_NO_INSTANCE);
    cr_expect_str_eq(reply.err.text, "No healthy user-service instances");
    cr_expect_str_eq(reply.source, "consul");
    fake_set(&consul, "a");
    fiber_sleep(100);
    cr_expect_eq(get(""), SERVICE_OK);
}

Test(client, empty_list_means_no_instance)
{
    fake_set(&consul, "");
    run(no_instance);
}

static void no_registry(void)
{
    cr_expect_eq(get(""), SERVICE_NO_INSTANCE);
    cr_expect_str_eq(reply.err.text, "No healthy user-service instances: cannot query consul: connection refused");
    cr_expect_str_eq(reply.source, "");
}

Test(client, missing_list_is_reported_with_its_cause)
{
    consul.mode = FAKE_REFUSES;
    run(no_registry);
}

/* --- Deadlines ----------------------------------------------------------------------- */

static void one_hangs(void)
{
    upstreams['a'].behaviour = HANGS;
    int64_t began = clock_ms();
    cr_expect_eq(get(""), SERVICE_OK);
    cr_expect_eq(clock_ms() - began, 1000);
    for (int i = 0; i < 30; i++)
        cr_expect_eq(get(""), SERVICE_OK);
    cr_expect_eq(upstreams['a'].calls, 5); /* then it is ejected */
    cr_expect_eq(clock_ms() - began, 5000);
}

Test(client, hung_instance_costs_one_share_then_is_ejected)
{
    run(one_hangs);
}

static void call_for_ever(void *arg)
{
    while (clock_ms() < *(const int64_t *)arg)
        call_once(NULL);
}

/* With 20 callers at once, the first 20 calls to the hung instance time out. After that only one call
 * times out each time an ejection ends: after 30, 60, 90 s and so on. */
static void still_hung(void)
{
    struct group group = {0};
    int64_t end = clock_ms() + 600 * 1000;
    upstreams['a'].behaviour = HANGS;
    upstreams['b'].takes_ms = upstreams['c'].takes_ms = 10;
    for (int i = 0; i < 20; i++)
        group_go(&group, call_for_ever, &end);
    fiber_sleep(20 * 1000);
    cr_expect_eq(upstreams['a'].calls, 20);
    group_join(&group);
    cr_expect_eq(upstreams['a'].calls, 20 + 5);
}

Test(client, still_hung_instance_costs_one_call_after_ejection)
{
    run(still_hung);
}

static void least_share(void)
{
    cr_expect_eq(get(""), SERVICE_OK);
}

Test(client, each_attempt_has_a_millisecond_at_least)
{
    config.call_timeout_ms = 10;
    config.call_attempts = 16;
    run(least_share);
}

static void callers_deadline(void)
{
    all_are(HANGS);
    const struct service_call call = {.service = "user-service", .path = "/", .key = "", .trace = &trace,
                                      .deadline = deadline_in(1200), .body_cap = 10};
    int64_t began = clock_ms();
    service_client_get(client, &call, &reply);
    cr_expect_eq(reply.outcome, SERVICE_TIMED_OUT);
    cr_expect_eq(clock_ms() - began, 1200);
    service_reply_close(&reply);
}

Test(client, callers_own_deadline_holds)
{
    run(callers_deadline);
}

static void short_rest(void)
{
    upstreams['a'].behaviour = HANGS;
    for (int i = 0; i < 20; i++) {
        const struct service_call call = {.service = "user-service", .path = "/", .key = "", .trace = &trace,
                                          .deadline = deadline_in(50), .body_cap = 100};
        service_client_get(client, &call, &reply);
        service_reply_close(&reply);
    }
    cr_expect_eq(upstreams['a'].calls, 7);
}

Test(client, short_attempt_timeout_does_not_count_as_failure)
{
    run(short_rest);
}

static void list_changes_meanwhile(void *arg)
{
    (void)arg;
    fiber_sleep(500);
    fake_set(&consul, "a b c d"); /* a is still there, but in another list */
    fiber_sleep(100);
    json_decref(view_new()); /* the balancer takes the new list over */
}

static void change_during_call(void)
{
    struct group group = {0};
    upstreams['a'].behaviour = HANGS;
    get("");
    get("");
    group_go(&group, list_changes_meanwhile, NULL);
    get("");
    cr_expect_eq(get(""), SERVICE_OK);
    group_join(&group);
}

Test(client, list_may_change_while_an_attempt_waits)
{
    run(change_during_call);
}

/* Six calls hang at a, which then starts again at another port: that of c. */
static void moves_during_calls(void)
{
    struct group group = {0};
    fake_set(&consul, "a b");
    fiber_sleep(600);
    upstreams['a'].behaviour = HANGS;
    for (int i = 0; i < 12; i++)
        group_go(&group, call_once, NULL);
    fiber_sleep(500);
    cr_expect_eq(upstreams['a'].calls, 6);
    fake_set(&consul, "a:8099 b");
    fiber_sleep(100);
    json_decref(view_new()); /* the balancer takes the new list over */
    group_join(&group);
    for (int i = 0; i < 10; i++)
        call_once(NULL);
    cr_expect_eq(upstreams['c'].calls, 5);
}

Test(client, failures_at_the_old_address_blame_no_new_process)
{
    run(moves_during_calls);
}

static void leaves_and_comes_back(void *arg)
{
    static const char *const lists[] = {"a b", "b", "a b"};
    (void)arg;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        fiber_sleep(100);
        fake_set(&consul, lists[i]);
        fiber_sleep(100);
        json_decref(view_new()); /* the balancer takes the new list over */
    }
}

static void return_during_call(void)
{
    struct group group = {0};
    all_are(HANGS);
    group_go(&group, leaves_and_comes_back, NULL);
    fiber_sleep(150); /* the list is "a b" by now */
    cr_expect_eq(get(""), SERVICE_TIMED_OUT);
    group_join(&group);
    cr_expect_eq(upstreams['a'].calls, 1);
    cr_expect_eq(upstreams['b'].calls, 1);
}

Test(client, returned_instance_is_not_retried_in_the_same_call)
{
    run(return_during_call);
}

/* b is ejected and has recovered; a and c begin to hang. */
static void only_the_ejected_one_is_healthy(void)
{
    upstreams['b'].behaviour = REPLIES_500;
    for (int i = 0; i < 20; i++)
        get("");
    cr_expect_eq(upstreams['b'].calls, 5);
    all_are(HANGS);
    upstreams['b'].behaviour = HEALTHY;
    cr_expect_eq(get(""), SERVICE_OK); /* the third and last attempt */
    cr_expect_str_eq(reply.instance, "b");
    int64_t began = clock_ms();
    for (int i = 0; i < 3; i++)
        cr_expect_eq(get(""), SERVICE_OK); /* b is in the rotation again */
    cr_expect_lt(clock_ms() - began, 3 * 2000);
}

Test(client, retry_reaches_ejected_instance_as_last_resort)
{
    run(only_the_ejected_one_is_healthy);
}

/* --- Budget -------------------------------------------------------------------------- */

static void retry_storm(void)
{
    all_are(REPLIES_500);
    int calls = 1000;
    for (int i = 0; i < calls; i++)
        get("");
    int attempts = upstreams['a'].calls + upstreams['b'].calls + upstreams['c'].calls;
    cr_expect_eq(attempts, calls + calls / 5 + 40);
    fiber_sleep(10000);
    upstreams['a'].calls = upstreams['b'].calls = upstreams['c'].calls = 0;
    get("");
    cr_expect_eq(upstreams['a'].calls + upstreams['b'].calls + upstreams['c'].calls, 3); /* one of them is ejected: the last resort */
}

Test(client, retries_stay_within_a_fifth_of_calls_plus_forty)
{
    run(retry_storm);
}

/* --- Missing instances --------------------------------------------------------------- */

static void registry_returns_empty_list(void)
{
    get("");
    fake_set(&consul, "");
    fiber_sleep(1000);
    for (int i = 0; i < 300; i++) {
        cr_expect_eq(get(""), SERVICE_OK);
        fiber_sleep(100);
    }
}

Test(client, calls_succeed_while_registry_returns_an_empty_list)
{
    run(registry_returns_empty_list);
}

static void missing_and_refusing(void)
{
    get("");
    fake_set(&consul, "");
    all_are(REFUSES);
    fiber_sleep(100);
    cr_expect_eq(get(""), SERVICE_UNREACHABLE);
    cr_expect_eq(get(""), SERVICE_NO_INSTANCE);
}

Test(client, missing_instances_that_refuse_are_dropped_at_once)
{
    run(missing_and_refusing);
}

static void missing_and_starved(void)
{
    get("");
    fake_set(&consul, "");
    all_are(HANGS);
    fiber_sleep(100);
    cr_expect_eq(get(""), SERVICE_TIMED_OUT);
    cr_expect_eq(upstreams['a'].calls + upstreams['b'].calls + upstreams['c'].calls, 1 + 3);
    all_are(HEALTHY);
    fiber_sleep(1000);
    cr_expect_eq(get(""), SERVICE_OK);
    fake_set(&consul, "a");
    fiber_sleep(1000);
    all_are(HANGS);
    upstreams['a'].behaviour = HEALTHY;
    get("");
    get("");
    fiber_sleep(1000);
    const int calls = upstreams['b'].calls + upstreams['c'].calls;
    for (int i = 0; i < 6; i++)
        cr_expect_eq(get(""), SERVICE_OK);
    cr_expect_eq(upstreams['b'].calls + upstreams['c'].calls, calls, "a is named, so the others are dropped");
}

/* On a starved machine each call may time out for some seconds. */
Test(client, missing_ones_that_time_out_stay_if_none_is_named)
{
    run(missing_and_starved);
}

static void missing_and_draining(void)
{
    get("");
    fake_set(&consul, "");
    all_are(REPLIES_503);
    fiber_sleep(100);
    cr_expect_eq(get(""), SERVICE_FAILED);
    cr_expect_eq(upstreams['a'].calls + upstreams['b'].calls + upstreams['c'].calls, 1 + 3);
    cr_expect_eq(get(""), SERVICE_NO_INSTANCE);
}

Test(client, missing_instances_that_drain_are_dropped_at_once)
{
    run(missing_and_draining);
}

/* A reply drops three of four, which are really gone. */
static void most_missing_and_refusing(void)
{
    get("7");
    fake_set(&consul, "d");
    all_are(REFUSES);
    upstreams['d'].behaviour = HEALTHY;
    fiber_sleep(1000);
    for (int i = 0; i < 12; i++) {
        char key[4];
        snprintf(key, sizeof key, "%d", i);
        cr_expect_eq(get(key), SERVICE_OK, "call %d with policy %d", i, config.policy);
        cr_expect_str_eq(reply.instance, "d");
    }
}

Test(client, retry_after_vanished_instance_goes_to_a_listed)
{
    config.call_attempts = 2;
    for (int policy = BALANCE_RANDOM; policy <= BALANCE_CONSISTENT_HASH; policy++) {
        config.policy = (enum balance_policy)policy;
        all_are(HEALTHY);
        fake_init(&consul, &fake_consul_ops, "a b c d");
        run(most_missing_and_refusing);
    }
}

static void fleet_vanishes_after_a_storm(void)
{
    all_are(REPLIES_500);
    for (int i = 0; i < 500; i++)
        get("");
    fake_set(&consul, "z");
    all_are(REFUSES);
    upstreams['z'].behaviour = HEALTHY;
    fiber_sleep(1000);
    for (int i = 0; i < 12; i++)
        cr_expect_eq(get(""), SERVICE_OK, "call %d", i);
}

/* Many calls at once can fail at missing instances, more than the budget has retries. */
Test(client, first_attempt_at_a_listed_instance_is_free)
{
    fake_init(&consul, &fake_consul_ops, "a b c d e f g h i j k l");
    run(fleet_vanishes_after_a_storm);
}

/* --- Views and metrics --------------------------------------------------------------- */

static char *text_of(json_t *tree)
{
    char *text = json_dumps(tree, JSON_COMPACT);
    json_decref(tree);
    return text;
}

static void view(void)
{
    fiber_sleep(1000);
    get("");
    char *text = text_of(view_new());
    cr_expect_str_eq(text,
                     "{\"services\":{\"user-service\":{\"source\":\"consul\",\"age_ms\":1000,\"index\":2,"
                     "\"last_error\":null,\"panic\":false,\"instances\":["
                     "{\"id\":\"a\",\"address\":\"10.0.0.1\",\"port\":8097,\"weight\":1,\"zone\":\"\","
                     "\"status\":\"passing\",\"ejected\":false,\"picks\":1},"
                     "{\"id\":\"b\",\"address\":\"10.0.0.1\",\"port\":8098,\"weight\":1,\"zone\":\"\","
                     "\"status\":\"critical\",\"ejected\":false,\"picks\":0}]}}}");
    free(text);
    fake_set(&consul, "a/critical b/critical");
    fiber_sleep(1000);
    json_t *tree = view_new();
    cr_expect(json_is_true(json_object_get(json_object_get(json_object_get(tree, "services"), "user-service"), "panic")));
    json_decref(tree);
    fake_set(&consul, "");
    fiber_sleep(1000);
    text = text_of(view_new());
    cr_expect_not_null(strstr(text, "\"status\":\"missing\""));
    free(text);
}

Test(client, view_shows_the_known_list)
{
    fake_set(&consul, "a b/critical");
    run(view);
}

enum { CROWD = 10000 };

static struct {
    const struct buf *text;
    size_t before, most_at_once;
    bool over;
} writing;

static void measure_slice(void)
{
    size_t more = writing.text->len - writing.before;
    if (more > writing.most_at_once)
        writing.most_at_once = more;
    writing.before = writing.text->len;
}

/* Runs between the slices: measures how much was written since the last one, and changes
 * the list and the counts of picks. */
static void change_list_and_picks(void *arg)
{
    (void)arg;
    fake_set(&consul, "");
    consul.crowd = CROWD / 4;
    for (; !writing.over; fiber_yield()) {
        measure_slice();
        get("");
    }
}

static void expect_slices(int (*write)(struct buf *text), const char *last)
{
    struct buf text = BUF_INIT(8 * 1024 * 1024);
    writing.text = &text;
    writing.over = false;
    writing.before = writing.most_at_once = 0;
    fake_set(&consul, "a b/critical");
    consul.crowd = CROWD;
    fiber_sleep(2000);
    cr_expect_eq(fiber_start(change_list_and_picks, NULL), 0);
    cr_expect_eq(write(&text), 0);
    writing.over = true;
    measure_slice();
    cr_expect_leq(writing.most_at_once, 48 * 1024);
    cr_expect(strstr(buf_text(&text), last), "%.2000s", buf_text(&text));
    cr_expect_null(strstr(buf_text(&text), "missing"));
    buf_close(&text);
    fiber_sleep(61000);
}

static int write_view(struct buf *text)
{
    return service_client_view(client, text);
}

static int write_explanation(struct buf *text)
{
    struct err err = ERR_INIT;
    return service_client_explain(client, "user-service", "", text, &err);
}

static void views_of_a_crowd(void)
{
    consul.crowd_status = INSTANCE_CRITICAL;
    expect_slices(write_explanation, "{\"id\":\"crowd-009999\",\"reason\":\"critical\"}]}");
    consul.crowd_status = INSTANCE_PASSING;
    expect_slices(write_view, "{\"id\":\"crowd-009999\",\"address\":\"10.0.0.1\",\"port\":8122,\"weight\":1,"
                              "\"zone\":\"\",\"status\":\"passing\",\"ejected\":false,\"picks\":0}]}}}");
}

/* Fails if add_entries() or add_obstacles() does not yield, or reads the balancer instead of the copied entries. */
Test(client, large_view_is_copied_and_written_in_slices)
{
    run(views_of_a_crowd);
}

static void explain(void)
{
    struct buf none = BUF_INIT(0);
    struct err err = ERR_INIT;
    cr_expect_eq(service_client_explain(client, "other", "", &none, &err), -1);
    cr_expect_eq(err.code, ERR_NOT_FOUND);
    fiber_sleep(100);
    char *text = text_of(explain_new(""));
    cr_expect_str_eq(text, "{\"tier\":\"consul\",\"instance\":\"a\",\"passed_over\":"
                           "[{\"id\":\"b\",\"reason\":\"critical\"}]}");
    free(text);
    for (int i = 0; i < 50; i++) {
        char key[8];
        snprintf(key, sizeof key, "%d", i);
        for (int again = 0; again < 2; again++)
            json_decref(explain_new(key));
        json_t *tree = explain_new(key);
        get(key);
        cr_expect_str_eq(json_string_value(json_object_get(tree, "instance")), reply.instance);
        json_decref(tree);
    }
}

static void explain_with(enum balance_policy policy)
{
    fake_set(&consul, "a b/critical c d");
    config.policy = policy;
    run(explain);
}

Test(client, explain_shows_the_next_pick_of_round_robin)
{
    explain_with(BALANCE_ROUND_ROBIN);
}

Test(client, explain_shows_the_next_pick_of_weighted)
{
    explain_with(BALANCE_WEIGHTED);
}

static void explain_by_load(void)
{
    fiber_sleep(100);
    json_t *tree = explain_new("");
    const json_t *passed_over = json_array_get(json_object_get(tree, "passed_over"), 0);
    const char *next = json_string_value(json_object_get(tree, "instance"));
    cr_expect_str_neq(json_string_value(json_object_get(passed_over, "id")), next);
    cr_expect_str_eq(json_string_value(json_object_get(passed_over, "reason")),
                     "the other one of the two drawn: it has 0 calls in flight (weight 1), "
                     "the next instance 0 (weight 1)");
    json_decref(tree);
}

Test(client, explain_shows_what_least_request_compares)
{
    fake_set(&consul, "a b");
    config.policy = BALANCE_LEAST_REQUEST;
    run(explain_by_load);
}

/* --- Version, and a canary release ---------------------------------------------------------- */

static void other_version(void)
{
    cr_expect_eq(get(""), SERVICE_NO_INSTANCE);
    cr_expect_str_eq(reply.err.text,
                     "No healthy user-service instances: none has version 2.0.0 (USER_SERVICE_VERSION)");
    fake_set(&consul, "a=1.0.0 b=2.0.0");
    fiber_sleep(100);
    cr_expect_eq(get(""), SERVICE_OK);
    cr_expect_str_eq(reply.instance, "b");
}

Test(client, route_without_an_instance_is_named)
{
    config.route.version = "2.0.0";
    run(other_version);
}

/* How many of 100 users call b, the canary. */
static int canary_users(void)
{
    int count = 0;
    for (int user = 1; user <= 100; user++) {
        char key[8];
        snprintf(key, sizeof key, "%d", user);
        cr_expect_eq(get(key), SERVICE_OK);
        count += strcmp(reply.instance, "b") == 0;
    }
    return count;
}

static void release_version(void)
{
    struct canary canary = config.route.canary;
    cr_expect_eq(canary_users(), 0);
    canary.percent = 50;
    cr_expect_eq(service_client_set_canary(client, &canary), 0);
    int half = canary_users();
    cr_expect(half > 30 && half < 70, "%d", half);
    upstreams['b'].behaviour = REPLIES_500; /* its users are served by a retry, and soon without one */
    cr_expect_eq(canary_users(), 0);
    cr_expect_eq(upstreams['b'].calls, half + 6, "five failures and one test");
    upstreams['b'].behaviour = HEALTHY;
    fiber_sleep(1000);
    cr_expect_eq(canary_users(), half);
}

Test(client, canary_that_fails_costs_no_call)
{
    fake_set(&consul, "a=1.0.0 b=2.0.0");
    canary_parse("version=2.0.0:0%", &config.route.canary);
    run(release_version);
}

static void explain_nothing(void)
{
    fiber_sleep(100);
    char *text = text_of(explain_new(""));
    cr_expect_str_eq(text, "{\"tier\":\"none\",\"instance\":null,\"passed_over\":[]}");
    free(text);
}

Test(client, explain_without_any_list_has_no_instance)
{
    consul.mode = FAKE_REFUSES;
    run(explain_nothing);
}

static void explain_matches(void)
{
    for (int i = 0; i < 200; i++) {
        char key[8];
        snprintf(key, sizeof key, "%d", i);
        if (i == 0)
            fiber_sleep(100);
        json_t *tree = explain_new(key);
        get(key);
        cr_expect_str_eq(json_string_value(json_object_get(tree, "instance")), reply.instance);
        json_decref(tree);
    }
}

Test(client, explain_shows_the_next_pick_of_random)
{
    config.policy = BALANCE_RANDOM;
    run(explain_matches);
}

Test(client, explain_shows_the_instance_of_a_key)
{
    config.policy = BALANCE_CONSISTENT_HASH;
    run(explain_matches);
}

static void metrics(void)
{
    struct buf out = BUF_INIT(65536);
    get("");
    service_client_metrics(client, &out);
    discovery_metrics(discovery, &out);
    registry_metrics((struct registry *const[]){&consul.registry}, 1, &out);
    static const char *const lines[] = {
        "service_calls_total{service=\"user-service\",outcome=\"ok\"} 1\n",
        "instance_ejections_total{service=\"user-service\",cause=\"failures_in_a_row\"} 0\n",
        "instance_ejections_total{service=\"user-service\",cause=\"failure_rate\"} 0\n",
        ("http_client_request_duration_seconds_count{http_request_method=\"GET\",server_address=\"10.0.0.1\","
         "server_port=\"8097\",http_response_status_code=\"200\",service=\"user-service\"} 1\n"),
        "service_call_retry_budget{service=\"user-service\"} 40\n",
        "discovery_cache_age_seconds{service=\"user-service\"} 0.000\n",
        "discovery_tier{service=\"user-service\",source=\"consul\"} 1\n",
        "discovery_tier{service=\"user-service\",source=\"cache\"} 0\n",
        "discovery_fallback{service=\"user-service\"} 0\n",
        "discovery_instances{service=\"user-service\",status=\"passing\"} 3\n",
        "discovery_instances{service=\"user-service\",status=\"missing\"} 0\n",
        "discovery_instances_ejected{service=\"user-service\"} 0\n",
        "discovery_panic{service=\"user-service\"} 0\n",
        "instance_picks_total{service=\"user-service\",instance_id=\"a\"} 1\n",
        "instance_picks_total{service=\"user-service\",instance_id=\"b\"} 0\n",
        "instance_calls_in_flight{service=\"user-service\",instance_id=\"a\"} 0\n",
        "registry_up{registry=\"consul\"} 1\n",
        "registry_requests_total{registry=\"consul\",call=\"fetch\"} 1\n",
        "registry_errors_total{registry=\"consul\",call=\"fetch\"} 0\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_expect(strstr(buf_text(&out), lines[i]) != NULL, "%s", lines[i]);
    buf_close(&out);
}

Test(client, metrics_count_calls_and_ages)
{
    run(metrics);
}

static void read_page(struct buf *out)
{
    buf_clear(out);
    service_client_metrics(client, out);
}

static void one_id_on_two_nodes(void)
{
    struct buf out = BUF_INIT(1 << 20);
    fake_set(&consul, "a#n1:8097 a#n2:8098");
    fiber_sleep(600);
    for (int i = 0; i < 4; i++)
        get("");
    read_page(&out);
    const char *line = strstr(buf_text(&out), "instance_picks_total{service=\"user-service\",instance_id=\"a\"} 4\n");
    cr_expect(line && !strstr(line + 1, "instance_picks_total{"), "%s", buf_text(&out));
    buf_close(&out);
}

/* Prometheus rejects a page on which a series occurs twice. */
Test(client, nodes_of_one_id_share_a_series)
{
    run(one_id_on_two_nodes);
}

static bool has_port(const struct buf *out, const char *port)
{
    char label[40];
    snprintf(label, sizeof label, "server_port=\"%s\"", port);
    return strstr(buf_text(out), label) != NULL;
}

static void instances_leave(void)
{
    struct buf out = BUF_INIT(1 << 20);
    for (int i = 0; i < 3; i++)
        get("");
    read_page(&out);
    cr_expect(has_port(&out, "8097") && has_port(&out, "8098") && has_port(&out, "8099"));

    fake_set(&consul, "b c:9000");
    fiber_sleep(600);
    get("");
    read_page(&out);
    cr_expect_not(has_port(&out, "8097"), "a has left");
    cr_expect(has_port(&out, "8098"), "b is unchanged");
    cr_expect_not(has_port(&out, "8099"), "c has moved");
    cr_expect_not(strstr(buf_text(&out), "instance_id=\"a\""));
    buf_close(&out);
}

/* Without call_metrics_prune() the page would grow with every instance that ever existed. */
Test(client, gone_instances_leave_the_metrics)
{
    run(instances_leave);
}

static void name_the_errors(void)
{
    static const struct {
        enum fake_behaviour behaviour;
        const char *labels;
    } cases[] = {
        {REFUSES, "error_type=\"unreachable\""},
        {RESETS, "error_type=\"broken\""},
        {HANGS, "error_type=\"timed_out\""},
        {REPLIES_500, "http_response_status_code=\"500\",error_type=\"500\""},
        {REPLIES_404, "http_response_status_code=\"404\",error_type=\"404\""},
        {GARBAGE, "http_response_status_code=\"200\",error_type=\"broken\""},
    };
    struct buf out = BUF_INIT(1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (char letter = 'a'; letter <= 'c'; letter++)
            upstreams[(int)letter].behaviour = cases[i].behaviour;
        get("");
        read_page(&out);
        cr_expect(strstr(buf_text(&out), cases[i].labels), "%s", cases[i].labels);
    }
    buf_close(&out);
}

Test(client, metrics_name_the_kind_of_an_error)
{
    run(name_the_errors);
}

/* --- Changes ---------------------------------------------------------------------------- */

static void change_call_timeout(void)
{
    all_are(HANGS);
    service_client_set_call_timeout(client, 300);
    int64_t began = clock_ms();
    cr_expect_eq(get(""), SERVICE_TIMED_OUT);
    cr_expect_eq(clock_ms() - began, 300);
}

Test(client, new_call_timeout_holds_for_the_next_call)
{
    run(change_call_timeout);
}

static void change_policy(void)
{
    cr_expect_eq(get("7"), SERVICE_OK);
    char first[sizeof reply.instance];
    cr_expect_eq(service_client_set_policy(client, BALANCE_CONSISTENT_HASH), 0);
    cr_expect_eq(get("7"), SERVICE_OK);
    memcpy(first, reply.instance, sizeof first);
    for (int i = 0; i < 10; i++) {
        cr_expect_eq(get("7"), SERVICE_OK);
        cr_expect_str_eq(reply.instance, first);
    }
}

Test(client, new_policy_picks_for_the_next_call)
{
    run(change_policy);
}
