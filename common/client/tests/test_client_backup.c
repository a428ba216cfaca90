/* Backup requests in virtual time. By round_robin, a is called first, and its backup goes to b. */
#include "client/tests/client_calls.h"

enum { AFTER_MS = 20, SHARE_MS = 1000 };

static void setup_backup(void)
{
    setup();
    config.backup_after_ms = AFTER_MS;
}

TestSuite(client_backup, .init = setup_backup, .fini = teardown, .timeout = 300);

/* Makes one call that must succeed at this instance. Returns the time that it took. */
static int64_t get_from(const char *instance)
{
    int64_t began_ms = clock_ms();
    cr_expect_eq(get(""), SERVICE_OK);
    cr_expect_str_eq(reply.instance, instance);
    cr_expect_eq(reply.status, 200);
    cr_expect_str_eq(reply.source, "consul");
    return clock_ms() - began_ms;
}

static void expect_line(const char *line)
{
    struct buf page = BUF_INIT(65536);
    service_client_metrics(client, &page);
    cr_expect(strstr(buf_text(&page), line), "want %s in %s", line, buf_text(&page));
    buf_close(&page);
}

static void expect_metric(const char *name, int value)
{
    char line[120];
    snprintf(line, sizeof line, "%s{service=\"user-service\"} %d\n", name, value);
    expect_line(line);
}

static void expect_ejections(int value)
{
    char line[120];
    snprintf(line, sizeof line,
             "instance_ejections_total{service=\"user-service\",cause=\"failures_in_a_row\"} %d\n", value);
    expect_line(line);
}

static void expect_backups(int sent, int won, int refused)
{
    expect_metric("service_call_backups_total", sent);
    expect_metric("service_call_backups_won_total", won);
    expect_metric("service_call_backups_refused_total", refused);
}

static int all_calls(void)
{
    return upstreams['a'].calls + upstreams['b'].calls + upstreams['c'].calls;
}

/* --- Who wins ------------------------------------------------------------------------ */

static void first_hangs(void)
{
    upstreams['a'].behaviour = HANGS;
    cr_expect_eq(get_from("b"), AFTER_MS);
    cr_expect_eq(upstreams['a'].cancelled, 1);
    cr_expect_eq(most_calls_at_once, 1, "b replies at once");
    expect_backups(1, 1, 0);
    expect_metric("service_call_retries_total", 0);
    expect_metric("service_call_retry_budget", 39);
}

Test(client_backup, backup_replies_while_the_first_hangs)
{
    run(first_hangs);
}

static void reply_in_time(void)
{
    upstreams['a'].takes_ms = AFTER_MS - 1;
    cr_expect_eq(get_from("a"), AFTER_MS - 1);
    cr_expect_eq(upstreams['b'].calls, 0);
    expect_backups(0, 0, 0);
}

Test(client_backup, reply_in_time_needs_no_backup)
{
    run(reply_in_time);
}

static void backup_is_slower(void)
{
    upstreams['a'].takes_ms = 3 * AFTER_MS;
    upstreams['b'].takes_ms = 10 * AFTER_MS;
    cr_expect_eq(get_from("a"), 3 * AFTER_MS);
    cr_expect_eq(upstreams['b'].cancelled, 1);
    cr_expect_eq(most_calls_at_once, 2);
    expect_backups(1, 0, 0);
}

Test(client_backup, first_may_win_and_its_backup_is_cancelled)
{
    run(backup_is_slower);
}

static void one_of_two_fails(void)
{
    upstreams['a'].takes_ms = 100;
    upstreams['b'].behaviour = REPLIES_500;
    cr_expect_eq(get_from("a"), 100);
    cr_expect_eq(upstreams['c'].calls, 0);
}

Test(client_backup, first_is_waited_for_when_its_backup_fails)
{
    run(one_of_two_fails);
}

static void first_fails_late(void)
{
    upstreams['a'].takes_ms = 50;
    upstreams['a'].behaviour = REPLIES_500;
    upstreams['b'].takes_ms = 100;
    cr_expect_eq(get_from("b"), AFTER_MS + 100);
    cr_expect_eq(upstreams['c'].calls, 0);
    expect_backups(1, 0, 0);
}

Test(client_backup, backup_is_waited_for_when_the_first_fails)
{
    run(first_fails_late);
}

static void not_found(void)
{
    upstreams['a'].behaviour = HANGS;
    upstreams['b'].behaviour = REPLIES_404;
    cr_expect_eq(get(""), SERVICE_OK);
    cr_expect_eq(reply.status, 404);
}

Test(client_backup, reply_404_of_the_backup_is_usable)
{
    run(not_found);
}

/* --- Attempts, deadline and budget --------------------------------------------------- */

static void two_fail(void)
{
    upstreams['a'].behaviour = HANGS;
    upstreams['b'].behaviour = REPLIES_500;
    cr_expect_eq(get_from("c"), SHARE_MS);
    expect_backups(1, 0, 0);
    expect_metric("service_call_retries_total", 1);
}

Test(client_backup, retry_follows_when_both_have_failed)
{
    run(two_fail);
}

static void all_hang(void)
{
    int64_t began_ms = clock_ms();
    all_are(HANGS);
    cr_expect_eq(get(""), SERVICE_TIMED_OUT);
    cr_expect_eq(all_calls(), config.call_attempts);
    cr_expect_eq(most_calls_at_once, 2);
    cr_expect_leq(clock_ms() - began_ms, config.call_timeout_ms);
}

Test(client_backup, backup_counts_as_an_attempt)
{
    config.call_attempts = 2;
    run(all_hang);
}

Test(client_backup, at_most_two_attempts_run_at_once)
{
    config.call_attempts = 3;
    run(all_hang);
}

static void one_attempt(void)
{
    upstreams['a'].behaviour = HANGS;
    cr_expect_eq(get(""), SERVICE_TIMED_OUT);
    cr_expect_eq(all_calls(), 1);
}

Test(client_backup, single_attempt_has_no_backup)
{
    config.call_attempts = 1;
    run(one_attempt);
}

static void fleet_is_slow(void)
{
    for (char letter = 'a'; letter <= 'c'; letter++)
        upstreams[(int)letter].takes_ms = 50;
    for (int i = 0; i < 200; i++)
        cr_expect_eq(get(""), SERVICE_OK);
    int backups = all_calls() - 200;
    cr_expect_leq(backups, 200 / 5 + 40);
    cr_expect_geq(backups, 200 / 5 + 39);
    expect_backups(backups, 0, 200 - backups);
}

/* The calls take 10 s, so none leaves the window of the budget. */
Test(client_backup, backups_stay_within_the_retry_budget)
{
    run(fleet_is_slow);
}

static void budget_is_used_up(void)
{
    all_are(REPLIES_500);
    for (int i = 0; i < 201; i++) /* each fifth call adds a retry; the next one is not a fifth */
        get("");
    all_are(HEALTHY);
    for (char letter = 'a'; letter <= 'c'; letter++)
        upstreams[(int)letter].takes_ms = 500;
    int64_t began_ms = clock_ms();
    cr_expect_eq(get(""), SERVICE_OK);
    cr_expect_eq(clock_ms() - began_ms, 500);
    expect_backups(0, 0, 1);
}

Test(client_backup, without_budget_the_call_waits_on)
{
    run(budget_is_used_up);
}

static void no_turn(void)
{
    upstreams['a'].takes_ms = 100;
    cr_expect_eq(get_from("a"), 100);
    cr_expect_eq(upstreams['b'].calls, 0);
}

Test(client_backup, backup_waits_for_no_turn_at_the_limit)
{
    config.max_calls = 1;
    run(no_turn);
}

/* --- Blame ---------------------------------------------------------------------------- */

static bool is_passed_over(const char *reason)
{
    bool is = false;
    json_t *tree = explain_new("");
    const json_t *passed = json_array_get(json_object_get(tree, "passed_over"), 0);
    if (passed)
        is = strstr(json_string_value(json_object_get(passed, "reason")), reason);
    json_decref(tree);
    return is;
}

/* Calls until a was called this often in total. */
static void call_a(int times)
{
    while (upstreams['a'].calls < times)
        cr_expect_eq(get(""), SERVICE_OK);
}

static void four_cancelled(void)
{
    upstreams['a'].behaviour = HANGS;
    call_a(4);
    cr_expect_eq(upstreams['a'].cancelled, 4);
    upstreams['a'].behaviour = REPLIES_500;
    call_a(8); /* and four failures: a cancelled call is none */
    cr_expect_not(is_passed_over(""));
    expect_ejections(0);
}

Test(client_backup, cancelled_call_is_no_failure)
{
    run(four_cancelled);
}

static void answers_in_between(void)
{
    for (int i = 1; i <= 10; i++) {
        upstreams['a'].behaviour = i % 5 ? HANGS : HEALTHY;
        call_a(i);
    }
    cr_expect_not(is_passed_over(""));
}

Test(client_backup, success_ends_the_row_of_overtaken_calls)
{
    run(answers_in_between);
}

static void hangs_on(void)
{
    upstreams['a'].behaviour = HANGS;
    int64_t began_ms = clock_ms();
    call_a(5);
    cr_expect_eq(clock_ms() - began_ms, 5 * AFTER_MS);
    cr_expect_not(is_passed_over(""), "its next call is the test");
    int64_t tested_ms = clock_ms();
    cr_expect_eq(get(""), SERVICE_OK);
    cr_expect_eq(clock_ms() - tested_ms, SHARE_MS, "the test has no backup");
    cr_expect(is_passed_over("ejected for another 30 s: backup requests overtook it 5 times in a row, then it failed"));
    expect_ejections(1);
    for (int i = 0; i < 100; i++)
        get("");
    cr_expect_eq(upstreams['a'].calls, 6);
    expect_backups(5, 5, 0);
}

Test(client_backup, hung_instance_is_tested_then_ejected)
{
    run(hangs_on);
}

static void test_in_background(void *arg)
{
    (void)arg;
    cr_expect_eq(get(""), SERVICE_OK);
}

static void one_at_a_time(void)
{
    struct group group = {0};
    upstreams['a'].behaviour = HANGS;
    call_a(5);
    group_go(&group, test_in_background, NULL);
    fiber_yield();
    cr_expect(is_passed_over("on probation after backup requests overtook it repeatedly"));
    group_join(&group);
}

Test(client_backup, explain_names_the_overtaken_instance)
{
    run(one_at_a_time);
}

/* Five calls at a are overtaken. Meanwhile a has started again at another port: that of z. */
static void moves_before_backups(void)
{
    struct group group = {0};
    fake_set(&consul, "a b");
    fiber_sleep(600);
    upstreams['a'].behaviour = HANGS;
    for (int i = 0; i < 10; i++)
        group_go(&group, call_once, NULL);
    fiber_sleep(100);
    cr_expect_eq(upstreams['a'].calls, 5);
    fake_set(&consul, "a:8122 b");
    fiber_sleep(100);
    json_decref(view_new()); /* the balancer takes the new list over */
    group_join(&group);
    expect_backups(5, 5, 0);

    upstreams['z'].takes_ms = 100;
    group_go(&group, call_once, NULL);
    group_go(&group, call_once, NULL);
    fiber_sleep(1);
    cr_expect_eq(upstreams['z'].calls, 1);
    cr_expect_not(is_passed_over(""));
    group_join(&group);
}

Test(client_backup, calls_overtaken_at_the_old_address_do_not_count)
{
    config.backup_after_ms = 900;
    run(moves_before_backups);
}

static void only_slow(void)
{
    upstreams['a'].takes_ms = 5 * AFTER_MS;
    call_a(6); /* the sixth call has no backup, and succeeds */
    expect_ejections(0);
    cr_expect_not(is_passed_over(""));
    cr_expect_eq(upstreams['a'].cancelled, 5);
}

Test(client_backup, slow_instance_passes_its_test)
{
    run(only_slow);
}

/* --- Cancelled, and a list that changes ------------------------------------------------- */

static void call_and_give_up(void *arg)
{
    (void)arg;
    cr_expect_eq(get(""), SERVICE_TIMED_OUT);
}

static void client_leaves(void)
{
    for (int64_t wait_ms = AFTER_MS / 2; wait_ms < 2 * AFTER_MS; wait_ms += AFTER_MS) { /* before and after the backup */
        struct group group = {0};
        all_are(HANGS);
        group_go(&group, call_and_give_up, NULL);
        fiber_sleep(wait_ms);
        group_cancel(&group);
        group_join(&group);
        cr_expect_eq(calls_now, 0);
    }
    cr_expect_eq(all_calls(), 1 + 2);
    expect_ejections(0);
}

Test(client_backup, cancelled_request_ends_both_attempts)
{
    run(client_leaves);
}

static void list_changes(void)
{
    struct group group = {0};
    fake_set(&consul, "a b");
    get("");
    all_are(HANGS);
    upstreams['z'].behaviour = HEALTHY;
    config.call_attempts = 3;
    group_go(&group, test_in_background, NULL); /* both attempts hang */
    fiber_sleep(AFTER_MS + 10);
    fake_set(&consul, "z");
    fiber_sleep(500);
    fake_set(&consul, "a b z"); /* they return as new peers */
    group_join(&group);
    cr_expect_str_eq(reply.instance, "z");
}

Test(client_backup, attempts_outlive_a_change_of_the_list)
{
    run(list_changes);
}

/* The first attempt is at b, which leaves the list and returns as a new peer before the backup is chosen. The failure
 * of the first attempt is reported after that, so it must not use the former peer. */
static void returns_before_backup(void)
{
    struct group group = {0};
    get("");
    all_are(HEALTHY);
    for (char letter = 'a'; letter <= 'd'; letter++)
        upstreams[(int)letter].takes_ms = 200;
    upstreams['b'] = (struct fake_upstream){.behaviour = REPLIES_500, .takes_ms = 950};
    group_go(&group, test_in_background, NULL);
    fiber_sleep(10);
    fake_set(&consul, "a c d");
    fiber_sleep(100);
    get("");
    cr_expect_eq(upstreams['b'].calls, 1);
    fake_set(&consul, "a b c");
    group_join(&group);
    cr_expect_neq(*reply.instance, 'b');
    cr_expect_eq(upstreams['b'].calls, 1);
    expect_backups(1, 0, 0);
}

Test(client_backup, backup_avoids_the_first_when_it_returned)
{
    config.backup_after_ms = 900;
    run(returns_before_backup);
}
