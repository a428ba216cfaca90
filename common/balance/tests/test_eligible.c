/* Which instances may be picked: health, ejection, probation, zones, and a new list. */
#include "balance/tests/fleet.h"

TestSuite(eligible, .timeout = 300);

static void expect_reason(struct balancer *balancer, const char *id, const char *reason, int64_t now_ms)
{
    char text[160] = "can be picked";
    const struct balancer_peer *peer = fleet_peer(balancer, id);
    struct obstacle obstacle = balancer_why_not(balancer, peer, "", now_ms);
    if (obstacle.kind != OBSTACLE_NONE)
        obstacle_text(obstacle, peer->instance, "here", NULL, text, sizeof text);
    cr_expect_str_eq(text, reason, "%s: %s", id, text);
}

/* --- Health -------------------------------------------------------------------------- */

Test(eligible, critical_and_maintenance_instances_are_not_picked)
{
    struct balancer *balancer = fleet_balancer(
        BALANCE_ROUND_ROBIN, "a:1 b:1/critical c:1/maintenance d:1/warning e:1/warning0 f:1/node_down");
    cr_expect_str_eq(fleet_picks(balancer, 4, 0), "adad");
    cr_expect_not(balancer_in_panic(balancer));
    expect_reason(balancer, "a", "can be picked", 0);
    expect_reason(balancer, "b", "critical", 0);
    expect_reason(balancer, "c", "in maintenance", 0);
    expect_reason(balancer, "d", "can be picked", 0);
    expect_reason(balancer, "e", "warning, and its warning weight is 0", 0);
    expect_reason(balancer, "f", "its node is down", 0);
    balancer_free(balancer);
}

Test(eligible, fail_open_picks_critical_but_not_maintenance)
{
    struct balancer *balancer =
        fleet_balancer(BALANCE_ROUND_ROBIN, "a:1/critical b:1/critical c:1/maintenance d:1/node_down");
    cr_expect(balancer_in_panic(balancer));
    cr_expect_str_eq(fleet_picks(balancer, 4, 0), "abab");
    fleet_set(balancer, "c:1/maintenance d:1/node_down");
    cr_expect(balancer_in_panic(balancer));
    cr_expect_str_eq(fleet_picks(balancer, 2, 0), "dd");
    fleet_set(balancer, "c:1/maintenance");
    cr_expect_not(balancer_in_panic(balancer));
    cr_expect_str_eq(fleet_picks(balancer, 2, 0), "--");
    expect_reason(balancer, "c", "in maintenance", 0);
    balancer_free(balancer);
}

/* --- Ejection ------------------------------------------------------------------------ */

Test(eligible, five_failures_eject_for_30_s_longer_each_time)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1");
    fleet_fail(balancer, "a", 4, 1000);
    balancer_report(balancer, fleet_peer(balancer, "a"), true, 1000);
    fleet_fail(balancer, "a", 4, 1000);
    cr_expect_str_eq(fleet_picks(balancer, 3, 1000), "abc");
    int64_t now_ms = 1000;
    for (int64_t n = 1; n <= 12; n++) {
        fleet_fail(balancer, "a", n == 1 ? 1 : 5, now_ms);
        cr_expect_eq(balancer_ejections(balancer), (uint64_t)n);
        int64_t out_ms = n < 10 ? n * 30000 : 300000;
        cr_expect_null(strchr(fleet_picks(balancer, 4, now_ms + out_ms - 1), 'a'));
        expect_reason(balancer, "a", "ejected for another 1 s after 5 failures in a row", now_ms + out_ms - 1);
        now_ms += out_ms;
        cr_expect_not_null(strchr(fleet_picks(balancer, 4, now_ms), 'a'));
    }
    balancer_free(balancer);
}

Test(eligible, success_after_readmission_clears_ejection_count)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1");
    fleet_fail(balancer, "a", 5, 0);
    balancer_report(balancer, fleet_peer(balancer, "a"), true, 10); /* the call began before the ejection: does not count */
    fleet_picks(balancer, 1, 30000);
    fleet_fail(balancer, "a", 5, 30000);
    cr_expect_eq(fleet_peer(balancer, "a")->outlier.back_ms, 90000);
    fleet_picks(balancer, 1, 90000);
    balancer_report(balancer, fleet_peer(balancer, "a"), true, 90000);
    fleet_fail(balancer, "a", 5, 90000);
    cr_expect_eq(fleet_peer(balancer, "a")->outlier.back_ms, 120000);
    balancer_free(balancer);
}

Test(eligible, failures_of_earlier_calls_do_not_prolong_ejection)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1 d:1");
    fleet_fail(balancer, "a", 64, 1000);
    cr_expect_eq(balancer_ejections(balancer), 1);
    cr_expect_eq(fleet_peer(balancer, "a")->outlier.back_ms, 31000);
    balancer_free(balancer);
}

Test(eligible, at_most_half_are_ejected_a_lone_instance_never)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1 d:1 e:1");
    for (const char *id = "abcde"; *id; id++)
        fleet_fail(balancer, (char[]){*id, '\0'}, 50, 0);
    cr_expect_str_eq(fleet_picks(balancer, 4, 0), "cdec");
    fleet_set(balancer, "a:1");
    cr_expect_str_eq(fleet_picks(balancer, 2, 0), "aa");
    fleet_fail(balancer, "a", 50, 0);
    cr_expect_str_eq(fleet_picks(balancer, 2, 0), "aa");
    balancer_free(balancer);
}

Test(eligible, shrunk_list_readmits_earliest_ejections_first)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1 d:1");
    fleet_fail(balancer, "a", 5, 2000);
    fleet_fail(balancer, "b", 5, 1000);
    fleet_set(balancer, "a:1 b:1 c:1/maintenance d:1/maintenance");
    cr_expect_str_eq(fleet_picks(balancer, 3, 3000), "bbb");
    balancer_free(balancer);
}

/* Those that live report a fault that they share; the registry still names the dead one as passing. */
Test(eligible, critical_ones_are_added_while_all_passing_fail)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1/critical c:1/critical d:1/maintenance");
    fleet_fail(balancer, "a", 4, 0);
    cr_expect_str_eq(fleet_picks(balancer, 3, 0), "aaa");
    cr_expect_not(balancer_in_panic(balancer));
    fleet_fail(balancer, "a", 1, 0);
    cr_expect_str_eq(fleet_picks(balancer, 4, 0), "bcbc");
    cr_expect(balancer_in_panic(balancer));
    expect_reason(balancer, "b", "can be picked", 0);
    expect_reason(balancer, "a", "ejected for another 30 s after 5 failures in a row", 0);
    cr_expect_not_null(strchr(fleet_picks(balancer, 3, 30000), 'a'), "its ejection has ended: on probation");
    balancer_report(balancer, fleet_peer(balancer, "a"), true, 30000);
    cr_expect_str_eq(fleet_picks(balancer, 3, 30000), "aaa");
    cr_expect_not(balancer_in_panic(balancer));
    balancer_free(balancer);
}

/* Of five in use only two may be out, and an entry of a dead node is not used. So the other two that fail are still
 * picked, and so is the one that works. */
Test(eligible, one_critical_one_is_added_to_many_failing_ones)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1 d:1 e:1/critical f:1/node_down");
    for (const char *id = "abc"; *id; id++)
        fleet_fail(balancer, (char[]){*id, '\0'}, 5, 0);
    cr_expect_null(strchr(fleet_picks(balancer, 8, 0), 'e'));
    fleet_fail(balancer, "d", 5, 0);
    cr_expect_str_eq(fleet_picks(balancer, 6, 0), "cdecde");
    balancer_report(balancer, fleet_peer(balancer, "d"), true, 0);
    cr_expect_null(strchr(fleet_picks(balancer, 8, 0), 'e'));
    balancer_free(balancer);
}

Test(eligible, passing_health_check_readmits_at_once)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1");
    fleet_fail(balancer, "a", 5, 0);
    fleet_set(balancer, "a:1 b:1");
    cr_expect_str_eq(fleet_picks(balancer, 2, 0), "bb");
    fleet_set(balancer, "a:1/critical b:1");
    fleet_set(balancer, "a:1 b:1");
    cr_expect_not_null(strchr(fleet_picks(balancer, 2, 0), 'a'));
    balancer_free(balancer);
}

Test(eligible, moved_instance_starts_with_no_failures)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1");
    fleet_fail(balancer, "a", 5, 0);
    cr_expect_str_eq(fleet_picks(balancer, 2, 0), "bb");
    fleet_set(balancer, "a:1/moved b:1");
    cr_expect_not_null(strchr(fleet_picks(balancer, 2, 0), 'a'));
    balancer_free(balancer);
}

Test(eligible, ejection_also_works_in_fail_open)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1/critical b:1/critical");
    fleet_fail(balancer, "a", 5, 0);
    cr_expect_str_eq(fleet_picks(balancer, 3, 0), "bbb");
    balancer_free(balancer);
}

/* --- Probation ----------------------------------------------------------------------- */

/* Ejects the instances named by the letters of `ids` from 0 to 30000 ms. */
static struct balancer *ejected_until_30000(enum balance_policy policy, const char *fleet, const char *ids)
{
    struct balancer *balancer = fleet_balancer(policy, fleet);
    for (; *ids; ids++)
        fleet_fail(balancer, (char[]){*ids, '\0'}, 5, 0);
    return balancer;
}

static struct balancer_peer *expect_pick(struct balancer *balancer, const char *id)
{
    const struct balancer_peer *peeked = balancer_peek(balancer, &any_request, 30000);
    struct balancer_peer *picked = balancer_pick(balancer, &any_request, 30000);
    cr_expect_eq(peeked, picked);
    cr_expect_str_eq(picked->instance->id, id);
    return picked;
}

static void expect_one_call_at_a_time(enum balance_policy policy)
{
    struct balancer *balancer = ejected_until_30000(policy, "a:1 b:1 c:1", "a");
    balancer_settle(balancer, 30000);
    expect_reason(balancer, "a", "can be picked", 30000);
    struct balancer_peer *a = expect_pick(balancer, "a");
    cr_expect_null(strchr(fleet_picks(balancer, 30, 30000), 'a'));
    expect_reason(balancer, "a", "on probation after its ejection: one call at a time until one succeeds", 30000);
    balancer_release(a); /* a call without a result, for example a cancelled one */
    a = expect_pick(balancer, "a");
    balancer_report(balancer, a, true, 30000);
    expect_reason(balancer, "a", "can be picked", 30000);
    if (policy == BALANCE_ROUND_ROBIN || policy == BALANCE_WEIGHTED)
        cr_expect_not_null(strstr(fleet_picks(balancer, 6, 30000), "abca"));
    balancer_release(a);
    balancer_free(balancer);
}

Test(eligible, instance_on_probation_gets_one_call_at_a_time)
{
    for (int policy = 0; policy < policy_count(); policy++)
        expect_one_call_at_a_time((enum balance_policy)policy);
}

Test(eligible, failure_on_probation_ejects_at_once_for_longer)
{
    struct balancer *balancer = ejected_until_30000(BALANCE_ROUND_ROBIN, "a:1 b:1", "a");
    struct balancer_peer *a = expect_pick(balancer, "a");
    balancer_report(balancer, a, false, 31000);
    balancer_release(a);
    cr_expect_eq(balancer_ejections(balancer), 2);
    expect_reason(balancer, "a", "ejected for another 60 s after 5 failures in a row", 31000);
    cr_expect_str_eq(fleet_picks(balancer, 3, 90999), "bbb");
    cr_expect_eq(fleet_picks(balancer, 1, 91000)[0], 'a');
    balancer_free(balancer);
}

Test(eligible, retry_uses_instance_on_probation_last)
{
    struct balancer *balancer = ejected_until_30000(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1", "a");
    struct balancer_peer *tried[4] = {fleet_peer(balancer, "b")};
    struct balance_request request = {.key = "", .tried = tried, .tried_count = 1};
    for (const char *id = "ca"; *id; id++, request.tried_count++) {
        tried[request.tried_count] = balancer_pick(balancer, &request, 30000);
        cr_expect_eq(tried[request.tried_count]->instance->id[0], *id);
    }
    cr_expect_null(balancer_pick(balancer, &request, 30000));
    balancer_release(tried[2]);
    cr_expect_null(balancer_pick(balancer, &request, 30000)); /* no call to them now, but tried */
    balancer_release(tried[1]);
    balancer_free(balancer);
}

Test(eligible, instances_on_probation_take_turns)
{
    struct balancer *balancer = ejected_until_30000(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1 d:1", "ab");
    struct balancer_peer *a = expect_pick(balancer, "a"), *b = expect_pick(balancer, "b");
    cr_expect_str_eq(fleet_picks(balancer, 4, 30000), "cdcd");
    balancer_report(balancer, b, true, 30000);
    balancer_release(b);
    cr_expect_not_null(strstr(fleet_picks(balancer, 6, 30000), "bcdb"));
    balancer_release(a);
    cr_expect_eq(fleet_picks(balancer, 1, 30000)[0], 'a');
    balancer_free(balancer);
}

static void overtake(struct balancer *balancer, const char *id, int times)
{
    for (int i = 0; i < times; i++)
        balancer_note_overtaken(balancer, fleet_peer(balancer, id), 30000);
}

Test(eligible, overtaken_instances_on_probation_are_at_most_half)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1");
    overtake(balancer, "a", 4);
    cr_expect_str_eq(fleet_picks(balancer, 4, 30000), "abab");
    overtake(balancer, "a", 1);
    overtake(balancer, "b", 50);
    struct balancer_peer *a = expect_pick(balancer, "a");
    expect_reason(balancer, "a", "on probation after backup requests overtook it repeatedly: one call at a time until one succeeds",
                  30000);
    cr_expect_str_eq(fleet_picks(balancer, 3, 30000), "bbb");
    balancer_report(balancer, a, false, 30000);
    expect_reason(balancer, "a", "ejected for another 30 s: backup requests overtook it 5 times in a row, then it failed", 30000);
    balancer_release(a);
    balancer_free(balancer);
}

Test(eligible, probation_counts_towards_the_half_that_is_out)
{
    struct balancer *balancer = ejected_until_30000(BALANCE_ROUND_ROBIN, "a:1 b:1", "a");
    struct balancer_peer *a = expect_pick(balancer, "a");
    fleet_fail(balancer, "b", 50, 30000);
    cr_expect_str_eq(fleet_picks(balancer, 2, 30000), "bb");
    fleet_set(balancer, "a:1"); /* a lone instance is never out */
    cr_expect_str_eq(fleet_picks(balancer, 2, 30000), "aa");
    expect_reason(balancer, "a", "can be picked", 30000);
    balancer_release(a);
    balancer_free(balancer);
}

Test(eligible, passing_health_check_ends_probation)
{
    struct balancer *balancer = ejected_until_30000(BALANCE_ROUND_ROBIN, "a:1 b:1", "a");
    balancer_settle(balancer, 30000);
    fleet_set(balancer, "a:1/critical b:1");
    expect_reason(balancer, "a", "critical", 30000);
    fleet_set(balancer, "a:1 b:1");
    cr_expect_not_null(strstr(fleet_picks(balancer, 4, 30000), "aba"));
    balancer_free(balancer);
}

/* --- The last resort ----------------------------------------------------------------- */

static void expect_last_resort(enum balance_policy policy)
{
    struct balancer *balancer = ejected_until_30000(policy, "a:1 b:1 c:1 d:1", "ab");
    struct balancer_peer *tried[4] = {fleet_peer(balancer, "c")};
    struct balance_request request = {.key = "", .tried = tried, .tried_count = 1};
    for (; request.tried_count < 4; request.tried_count++)
        tried[request.tried_count] = balancer_pick(balancer, &request, 1000);
    cr_expect_eq(tried[1], fleet_peer(balancer, "d"));
    cr_expect(outlier_is_ejected(&tried[2]->outlier) && outlier_is_ejected(&tried[3]->outlier));
    cr_expect_neq(tried[2], tried[3]);
    while (request.tried_count > 1)
        balancer_release(tried[--request.tried_count]);
    balancer_free(balancer);
}

Test(eligible, retry_uses_ejected_instance_as_last_resort)
{
    for (int policy = 0; policy < policy_count(); policy++)
        expect_last_resort((enum balance_policy)policy);
}

/* The pick for a retry that has tried b; NULL: none. */
static struct balancer_peer *pick_after_b(struct balancer *balancer)
{
    struct balancer_peer *tried[] = {fleet_peer(balancer, "b")};
    const struct balance_request request = {.key = "", .tried = tried, .tried_count = 1};
    return balancer_pick(balancer, &request, 1000);
}

Test(eligible, success_of_last_resort_ends_its_ejection)
{
    struct balancer *balancer = ejected_until_30000(BALANCE_ROUND_ROBIN, "a:1 b:1", "a");
    struct balancer_peer *a = pick_after_b(balancer);
    balancer_report(balancer, a, true, 1000);
    balancer_release(a);
    cr_expect_not_null(strstr(fleet_picks(balancer, 4, 1000), "aba"));
    fleet_fail(balancer, "a", 5, 2000); /* the count of ejections was cleared */
    expect_reason(balancer, "a", "ejected for another 30 s after 5 failures in a row", 2000);
    balancer_free(balancer);
}

Test(eligible, failure_of_last_resort_changes_nothing)
{
    struct balancer *balancer = ejected_until_30000(BALANCE_ROUND_ROBIN, "a:1 b:1", "a");
    struct balancer_peer *a = pick_after_b(balancer);
    balancer_report(balancer, a, false, 1000);
    balancer_release(a);
    cr_expect_eq(balancer_ejections(balancer), 1);
    expect_reason(balancer, "a", "ejected for another 29 s after 5 failures in a row", 1000);
    cr_expect_str_eq(fleet_picks(balancer, 3, 1000), "bbb");
    balancer_free(balancer);
}

/* The earlier call began before the ejection. While it is under way, `a` gets no other call, and its success does
 * not end the ejection. */
Test(eligible, last_resort_gets_one_call_at_a_time)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1");
    struct balancer_peer *earlier = balancer_pick(balancer, &any_request, 0);
    fleet_fail(balancer, "a", 5, 0);
    cr_expect_null(pick_after_b(balancer));
    balancer_report(balancer, earlier, true, 1000);
    expect_reason(balancer, "a", "ejected for another 29 s after 5 failures in a row", 1000);
    balancer_release(earlier);
    struct balancer_peer *a = pick_after_b(balancer);
    cr_expect_eq(a, fleet_peer(balancer, "a"));
    cr_expect_null(pick_after_b(balancer));
    balancer_release(a);
    balancer_free(balancer);
}

/* --- Missing instances --------------------------------------------------------------- */

static void expect_listed_retry(enum balance_policy policy)
{
    struct balancer *balancer = fleet_empty(policy, "caller", "");
    struct instance_list *list = fleet_new("a:1 b:1 c:1 d:1 e:1 f:1/critical");
    const bool missing[] = {true, true, true, false, true, false};
    cr_assert_eq(balancer_update(balancer, list, missing, 0), 0);
    for (int i = 0; i < 50; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        struct balancer_peer *tried[2], *retried;
        struct balance_request request = {.key = key, .tried = tried, .tried_count = 1};
        tried[0] = balancer_pick(balancer, &(struct balance_request){.key = key}, 0);
        request.prefer_listed = tried[0]->missing;
        retried = balancer_pick(balancer, &request, 0);
        if (tried[0]->missing)
            cr_expect_str_eq(retried->instance->id, "d", "policy %d", (int)policy);
        tried[1] = retried;
        request.tried_count = 2;
        if (tried[0]->missing) /* no listed one is left that can be picked */
            cr_expect(balancer_peek(balancer, &request, 0)->missing, "policy %d", (int)policy);
        balancer_release(tried[0]);
        balancer_release(retried);
    }
    instance_list_unref(list);
    balancer_free(balancer);
}

Test(eligible, retry_after_a_missing_one_goes_to_a_listed)
{
    for (int policy = 0; policy < policy_count(); policy++)
        expect_listed_retry((enum balance_policy)policy);
}

/* --- A new list ---------------------------------------------------------------------- */

Test(eligible, state_survives_a_new_list_by_id)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "b:1 c:1 d:1");
    fleet_fail(balancer, "c", 5, 0);
    fleet_picks(balancer, 4, 0);
    fleet_set(balancer, "a:1 c:1 d:2");
    cr_expect_eq(fleet_peer(balancer, "d")->picks, 2);
    cr_expect_eq(fleet_peer(balancer, "d")->instance->weight, 2);
    cr_expect(outlier_is_ejected(&fleet_peer(balancer, "c")->outlier));
    cr_expect_eq(fleet_peer(balancer, "a")->picks, 0);
    balancer_free(balancer);
}

Test(eligible, held_peer_outlives_its_list)
{
    struct balancer *balancer = fleet_balancer(BALANCE_WEIGHTED, "a:1");
    struct balancer_peer *held = balancer_pick(balancer, &any_request, 0);
    fleet_set(balancer, "b:1");
    cr_expect_str_eq(held->instance->id, "a");
    for (int i = 0; i < 10; i++)
        balancer_report(balancer, held, false, 0);
    cr_expect_eq(balancer_ejections(balancer), 0);
    cr_expect_str_eq(fleet_picks(balancer, 1, 0), "b");
    balancer_release(held);
    balancer_free(balancer);
}

static void expect_tried_counts_once(enum balance_policy policy)
{
    struct balancer *balancer = fleet_balancer(policy, "a:1#node-1 a:1#node-2");
    struct balancer_peer *tried[2];
    struct balance_request request = {.key = "7", .tried = tried};
    for (; request.tried_count < 2; request.tried_count++)
        tried[request.tried_count] = balancer_pick(balancer, &request, 0);
    fleet_set(balancer, "a:1#node-2");
    for (size_t i = 0; i < 2; i++)
        tried[i] = balancer_follow(balancer, tried[i]);
    cr_expect_eq(tried[0], tried[1]);
    cr_expect_null(balancer_peek(balancer, &request, 0), "policy %d", (int)policy);
    for (size_t i = 0; i < 2; i++)
        balancer_release(tried[i]);
    balancer_free(balancer);
}

Test(eligible, tried_at_two_nodes_of_which_one_is_left)
{
    for (int policy = 0; policy < policy_count(); policy++)
        expect_tried_counts_once((enum balance_policy)policy);
}

Test(eligible, returned_instance_is_followed_by_id)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1");
    struct balancer_peer *first = balancer_pick(balancer, &any_request, 0);
    cr_expect_eq(balancer_follow(balancer, first), first);
    fleet_set(balancer, "b:1");
    cr_expect_eq(balancer_follow(balancer, first), first); /* gone, but still held */
    fleet_set(balancer, "a:1 b:1");
    struct balancer_peer *followed = balancer_follow(balancer, first);
    cr_expect_eq(followed, fleet_peer(balancer, "a"));
    cr_expect_eq(balancer_follow(balancer, followed), followed);
    balancer_release(followed);
    balancer_free(balancer);
}

Test(eligible, missing_instances_can_still_be_picked)
{
    struct balancer *balancer = fleet_empty(BALANCE_ROUND_ROBIN, "", "");
    struct instance_list *list = fleet_new("a:1 b:1");
    cr_assert_eq(balancer_update(balancer, list, (const bool[]){false, true}, 0), 0);
    instance_list_unref(list);
    cr_expect(fleet_peer(balancer, "b")->missing);
    cr_expect_str_eq(fleet_picks(balancer, 2, 0), "ab");
    balancer_free(balancer);
}
