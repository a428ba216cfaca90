/* balancer_set_policy(): another policy takes over while calls go on; what is known of the peers stays. */
#include "balance/tests/fleet.h"

TestSuite(set_policy, .timeout = 300);

Test(set_policy, next_pick_is_by_the_new_policy)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:3 b:1");
    cr_expect_str_eq(fleet_picks(balancer, 4, 0), "abab");
    cr_expect_eq(balancer_set_policy(balancer, BALANCE_WEIGHTED, 0), 0);
    cr_expect_str_eq(fleet_picks(balancer, 8, 0), "aabaaaba");
    cr_expect_eq(balancer_set_policy(balancer, BALANCE_CONSISTENT_HASH, 0), 0);
    const char *picks = fleet_picks(balancer, 4, 0);
    cr_expect(strcmp(picks, "aaaa") == 0 || strcmp(picks, "bbbb") == 0, "%s", picks);
    balancer_free(balancer);
}

/* From each policy to each other one. */
Test(set_policy, picks_and_ejections_survive_any_change)
{
    for (int from = 0; from < policy_count(); from++) {
        for (int to = 0; to < policy_count(); to++) {
            struct balancer *balancer = fleet_balancer((enum balance_policy)from, "a:2 b:1 c:1");
            fleet_fail(balancer, "b", 5, 0);
            fleet_picks(balancer, 10, 0);
            uint64_t picks = fleet_peer(balancer, "a")->picks;
            cr_expect_eq(balancer_set_policy(balancer, (enum balance_policy)to, 0), 0);
            cr_expect_eq(fleet_peer(balancer, "a")->picks, picks);
            cr_expect_null(strchr(fleet_picks(balancer, 20, 0), 'b'), "%d to %d", from, to);
            fleet_set(balancer, "a:2 b:1 d:1");
            cr_expect_null(strchr(fleet_picks(balancer, 20, 0), 'b'), "%d to %d", from, to);
            balancer_free(balancer);
        }
    }
}

/* As a call that is under way while the policy changes: it still holds its peer, and retries. */
Test(set_policy, call_under_way_retries_elsewhere)
{
    for (int to = 0; to < policy_count(); to++) {
        struct balancer *balancer = fleet_balancer(BALANCE_WEIGHTED, "a:1 b:1@z c:1@z");
        struct balancer_peer *tried[1] = {balancer_pick(balancer, &any_request, 0)};
        cr_expect_eq(balancer_set_policy(balancer, (enum balance_policy)to, 0), 0);
        balancer_report(balancer, tried[0], false, 0);
        const struct balance_request retry = {.key = "", .tried = tried, .tried_count = 1};
        struct balancer_peer *next = balancer_pick(balancer, &retry, 0);
        cr_expect(next && next != tried[0]);
        balancer_release(next);
        balancer_release(tried[0]);
        balancer_free(balancer);
    }
}

Test(set_policy, balancer_without_a_list_takes_it_too)
{
    struct balancer *balancer = fleet_empty(BALANCE_RANDOM, "caller", "zone-a");
    cr_expect_eq(balancer_set_policy(balancer, BALANCE_CONSISTENT_HASH, 0), 0);
    cr_expect_str_eq(fleet_picks(balancer, 1, 0), "-");
    fleet_set(balancer, "a:1@zone-a b:1@zone-b");
    cr_expect_eq(strlen(fleet_picks(balancer, 4, 0)), 4);
    balancer_free(balancer);
}
