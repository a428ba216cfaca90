/* The policies: which instance each one picks, and how its turns survive a new list. */
#include "balance/tests/fleet.h"
#include "base/rand.h"

TestSuite(policies, .timeout = 300);

static void expect_picks(struct balancer *balancer, const char *expected)
{
    cr_expect_str_eq(fleet_picks(balancer, (int)strlen(expected), 0), expected);
}

/* --- weighted ------------------------------------------------------------------------ */

Test(policies, weighted_three_to_one_picks_a_a_b_a)
{
    struct balancer *balancer = fleet_balancer(BALANCE_WEIGHTED, "a:3 b:1");
    expect_picks(balancer, "aabaaabaaaba");
    balancer_free(balancer);
}

Test(policies, weighted_with_equal_weights_is_plain_rotation)
{
    struct balancer *balancer = fleet_balancer(BALANCE_WEIGHTED, "a:7 b:7 c:7");
    expect_picks(balancer, "abcabcabc");
    balancer_free(balancer);
}

/* The largest distance of any instance from its exact share, in picks, after any number of turns. */
static double worst_deviation(const char *fleet, int turns)
{
    struct balancer *balancer = fleet_balancer(BALANCE_WEIGHTED, fleet);
    size_t count = balancer_count(balancer);
    double total = 0, worst = 0;
    for (size_t i = 0; i < count; i++)
        total += balancer_at(balancer, i)->instance->weight;
    for (int turn = 1; turn <= turns; turn++) {
        balancer_release(balancer_pick(balancer, &any_request, 0));
        for (size_t i = 0; i < count; i++) {
            const struct balancer_peer *peer = balancer_at(balancer, i);
            double off = (double)peer->picks - (double)turn * peer->instance->weight / total;
            off = off < 0 ? -off : off;
            worst = off > worst ? off : worst;
        }
    }
    for (size_t i = 0; i < count; i++)
        if (turns % (int)total == 0)
            cr_expect_eq(balancer_at(balancer, i)->picks,
                         (uint64_t)(turns / (int)total * balancer_at(balancer, i)->instance->weight));
    balancer_free(balancer);
    return worst;
}

Test(policies, weighted_stays_within_one_pick_of_exact_share)
{
    cr_expect_lt(worst_deviation("a:5 b:1 c:1", 700), 1.0);
    cr_expect_lt(worst_deviation("a:3 b:1", 400), 1.0);
    cr_expect_lt(worst_deviation("a:1 b:2 c:3 d:4", 1000), 1.0);
    cr_expect_lt(worst_deviation("a:65535 b:1", 65536 * 2), 1.0);
    cr_expect_lt(worst_deviation("a:5 b:5 c:3 d:3 e:3 f:1 g:1", 2100), 1.5);
}

/* Else the instance that is called first would gain with each retry elsewhere, and get all calls for as long. */
Test(policies, weighted_retries_leave_no_debt)
{
    struct balancer *balancer = fleet_balancer(BALANCE_WEIGHTED, "a:10 b:1");
    for (int call = 0; call < 1000; call++) {
        struct balancer_peer *first = balancer_pick(balancer, &any_request, 0);
        const struct balance_request retry = {.key = "", .tried = &first, .tried_count = 1};
        balancer_release(balancer_pick(balancer, &retry, 0));
        balancer_release(first);
    }
    uint64_t before = fleet_peer(balancer, "b")->picks;
    fleet_picks(balancer, 110, 0);
    cr_expect_eq(fleet_peer(balancer, "b")->picks - before, 10);
    balancer_free(balancer);
}

Test(policies, weighted_keeps_its_turn_when_the_list_changes)
{
    struct balancer *balancer = fleet_balancer(BALANCE_WEIGHTED, "a:1 b:1 c:1 d:1");
    expect_picks(balancer, "ab");
    fleet_set(balancer, "a:1 b:1 d:1"); /* it was the turn of c, which has left */
    expect_picks(balancer, "dab");
    fleet_set(balancer, "a:1 b:1 c:1 d:1 e:1");
    expect_picks(balancer, "deabc");
    balancer_free(balancer);
}

Test(policies, weighted_scales_an_old_debt_to_the_new_list)
{
    struct balancer *balancer = fleet_empty(BALANCE_WEIGHTED, "", "");
    char text[20000] = "";
    for (int i = 0; i < 500; i++)
        sprintf(text + strlen(text), "i%03d:9 j%03d:10 ", i, i);
    fleet_set(balancer, text);
    balancer_release(balancer_pick(balancer, &any_request, 0));
    fleet_set(balancer, "a:9 b:10"); /* the class of tens owes 4,500: about 470 turns of the new list */
    fleet_picks(balancer, 19, 0);
    cr_expect_geq(fleet_peer(balancer, "b")->picks, 9);
    balancer_free(balancer);
}

Test(policies, weighted_uses_warning_weight_while_in_warning)
{
    struct balancer *balancer = fleet_balancer(BALANCE_WEIGHTED, "a:9/warning b:3");
    fleet_picks(balancer, 400, 0);
    cr_expect_eq(fleet_peer(balancer, "a")->picks, 100);
    balancer_free(balancer);
}

/* --- round_robin and random ---------------------------------------------------------- */

Test(policies, round_robin_continues_after_one_that_left)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:9 b:1 c:1");
    expect_picks(balancer, "abcab");
    fleet_set(balancer, "a:9 b:1"); /* c was next: the index would be out of range */
    expect_picks(balancer, "aba");
    fleet_set(balancer, "a:1 b:1 c:1 d:1");
    expect_picks(balancer, "b");
    fleet_set(balancer, "b:1 c:1 d:1"); /* all slots move by one: it is still the turn of c */
    expect_picks(balancer, "cd");
    fleet_set(balancer, "");
    expect_picks(balancer, "--");
    fleet_set(balancer, "x:1");
    expect_picks(balancer, "xx");
    balancer_free(balancer);
}

Test(policies, random_is_even_and_peek_shows_the_next_pick)
{
    rand_seed(1);
    struct balancer *balancer = fleet_balancer(BALANCE_RANDOM, "a:9 b:1 c:1 d:1");
    for (int i = 0; i < 40; i++)
        fleet_picks(balancer, 1000, 0);
    for (size_t i = 0; i < 4; i++)
        cr_expect_float_eq((double)balancer_at(balancer, i)->picks, 10000, 400);
    balancer_free(balancer);
}

Test(policies, other_random_draws_do_not_change_an_explained_pick)
{
    struct balancer *balancer = fleet_balancer(BALANCE_RANDOM, "a:1 b:1 c:1 d:1");
    for (int i = 0; i < 100; i++) {
        const struct balancer_peer *explained = balancer_peek(balancer, &any_request, 0);
        rand_u64(); /* for a request id or a jitter, for example */
        struct balancer_peer *picked = balancer_pick(balancer, &any_request, 0);
        cr_expect_eq(picked, explained);
        balancer_release(picked);
    }
    balancer_free(balancer);
}

/* --- A call tries no instance twice -------------------------------------------------- */

static void try_all(enum balance_policy policy)
{
    struct balancer *balancer = fleet_balancer(policy, "a:3 b:1 c:1 d:3");
    for (int call = 0; call < 200; call++) {
        struct balancer_peer *tried[BALANCE_TRIED_MAX];
        struct balance_request request = {.key = "7", .tried = tried};
        while ((tried[request.tried_count] = balancer_pick(balancer, &request, 0))) {
            for (size_t i = 0; i < request.tried_count; i++)
                cr_expect_neq(tried[i], tried[request.tried_count]);
            request.tried_count++;
        }
        cr_expect_eq(request.tried_count, 4);
        for (size_t i = 0; i < request.tried_count; i++)
            balancer_release(tried[i]);
    }
    balancer_free(balancer);
}

Test(policies, call_tries_each_instance_once_with_any_policy)
{
    for (int policy = 0; policy < policy_count(); policy++)
        try_all((enum balance_policy)policy);
}

/* A call has tried an id at two nodes, and the new list has it only once: then both are one peer. */
Test(policies, id_tried_at_two_nodes_counts_once)
{
    for (int policy = 0; policy < policy_count(); policy++) {
        struct balancer *balancer = fleet_balancer((enum balance_policy)policy, "x:1 y:1");
        struct balancer_peer *x = fleet_peer(balancer, "x");
        const struct balance_request request = {
            .key = "", .tried = (struct balancer_peer *[]){x, x}, .tried_count = 2};
        struct balancer_peer *picked = balancer_pick(balancer, &request, 0);
        cr_expect(picked && picked == fleet_peer(balancer, "y"));
        if (picked)
            balancer_release(picked);
        balancer_free(balancer);
    }
}

Test(policies, random_retry_is_even_among_untried_instances)
{
    rand_seed(2);
    struct balancer *balancer = fleet_balancer(BALANCE_RANDOM, "a:1 b:1 c:1");
    struct balancer_peer *tried[] = {fleet_peer(balancer, "a")};
    struct balance_request request = {.key = "", .tried = tried, .tried_count = 1};
    for (int i = 0; i < 10000; i++)
        balancer_release(balancer_pick(balancer, &request, 0));
    cr_expect_eq(tried[0]->picks, 0);
    cr_expect_float_eq((double)fleet_peer(balancer, "b")->picks, 5000, 250);
    balancer_free(balancer);
}

/* --- consistent_hash ----------------------------------------------------------------- */

enum { KEYS = 20000 };

static void set_fleet_of(struct balancer *balancer, int count, int without)
{
    struct instance_list *list = instance_list_new();
    for (int i = 0; i < count; i++) {
        char id[32];
        snprintf(id, sizeof id, "user-service-%08x", (unsigned)i * 2654435761u);
        struct instance instance = {
            .id = id, .address = "127.0.0.1", .zone = "", .version = "", .port = 80, .weight = 1};
        if (i != without)
            instance_list_add(list, &instance);
    }
    instance_list_finish(list);
    cr_assert_eq(balancer_update(balancer, list, NULL, 0), 0);
    instance_list_unref(list);
}

static void owners_of_keys(struct balancer *balancer, char owners[KEYS][32])
{
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        struct balance_request request = {.key = key};
        struct balancer_peer *peer = balancer_pick(balancer, &request, 0);
        snprintf(owners[i], 32, "%s", peer->instance->id);
        balancer_release(peer);
    }
}

static void remove_one_of(int count)
{
    static char before[KEYS][32], after[KEYS][32];
    struct balancer *balancer = fleet_empty(BALANCE_CONSISTENT_HASH, "", "");
    set_fleet_of(balancer, count, -1);
    owners_of_keys(balancer, before);
    char gone[32];
    snprintf(gone, sizeof gone, "user-service-%08x", (unsigned)(count / 2) * 2654435761u);
    double had = (double)fleet_peer(balancer, gone)->picks;
    cr_expect_gt(had, 0.6 * KEYS / count);
    cr_expect_lt(had, 1.4 * KEYS / count);

    set_fleet_of(balancer, count, count / 2);
    owners_of_keys(balancer, after);
    for (int i = 0; i < KEYS; i++) {
        cr_expect_str_neq(after[i], gone);
        if (strcmp(before[i], gone) != 0)
            cr_expect_str_eq(before[i], after[i], "key %d moved though its instance stayed", i);
    }
    set_fleet_of(balancer, count, -1);
    owners_of_keys(balancer, after);
    cr_expect_eq(memcmp(before, after, sizeof before), 0);
    balancer_free(balancer);
}

Test(policies, consistent_hash_moves_only_keys_of_a_gone_instance)
{
    remove_one_of(3);
    remove_one_of(10);
    remove_one_of(100);
}

Test(policies, consistent_hash_shares_keys_evenly)
{
    static char owners[KEYS][32];
    struct balancer *balancer = fleet_empty(BALANCE_CONSISTENT_HASH, "", "");
    for (int count = 2; count <= 20; count++) {
        set_fleet_of(balancer, 0, -1);
        set_fleet_of(balancer, count, -1);
        owners_of_keys(balancer, owners);
        for (size_t i = 0; i < balancer_count(balancer); i++) {
            double share = (double)balancer_at(balancer, i)->picks * count / KEYS;
            cr_expect(share > 0.7 && share < 1.25, "%d instances: one has %.2f of its share", count, share);
        }
    }
    balancer_free(balancer);
}

Test(policies, consistent_hash_retry_is_next_owner_of_the_key)
{
    struct balancer *balancer = fleet_empty(BALANCE_CONSISTENT_HASH, "", "");
    for (int i = 0; i < 100; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        struct balancer_peer *tried[1];
        struct balance_request request = {.key = key, .tried = tried};
        fleet_set(balancer, "a:1 b:1 c:1 d:1");
        tried[0] = balancer_pick(balancer, &request, 0);
        request.tried_count = 1;
        struct balancer_peer *retry = balancer_pick(balancer, &request, 0);

        static const char *const rest[] = {"b:1 c:1 d:1", "a:1 c:1 d:1", "a:1 b:1 d:1", "a:1 b:1 c:1"};
        fleet_set(balancer, rest[tried[0]->instance->id[0] - 'a']);
        request.tried_count = 0;
        cr_expect_eq(balancer_peek(balancer, &request, 0), retry);
        balancer_release(tried[0]);
        balancer_release(retry);
    }
    balancer_free(balancer);
}

/* --- One id on several nodes ------------------------------------------------------------------ */

/* Each call has another key, for consistent_hash. */
static void expect_all_get_calls(struct balancer *balancer, enum balance_policy policy)
{
    for (int i = 0; i < 300; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        const struct balance_request request = {.key = key};
        struct balancer_peer *peer = balancer_pick(balancer, &request, 0);
        cr_assert_not_null(peer);
        balancer_report(balancer, peer, true, 0);
        balancer_release(peer);
    }
    cr_expect_eq(balancer_count(balancer), 3);
    for (size_t i = 0; i < balancer_count(balancer); i++)
        cr_expect_gt(balancer_at(balancer, i)->picks, 30, "policy %d, node %s", (int)policy,
                     balancer_at(balancer, i)->instance->node);
}

Test(policies, all_nodes_of_one_id_get_calls)
{
    for (int policy = 0; policy < policy_count(); policy++) {
        struct balancer *balancer = fleet_empty((enum balance_policy)policy, "", "");
        fleet_set(balancer, "a:1#n1 a:1#n2 a:1#n3");
        expect_all_get_calls(balancer, (enum balance_policy)policy);
        balancer_free(balancer);
    }
}

/* Each node's failures and picks are its own; an id that is alone again keeps them. */
Test(policies, state_survives_a_new_list_by_node)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1");
    fleet_picks(balancer, 2, 0);
    fleet_set(balancer, "a:1#n1");
    cr_expect_eq(balancer_at(balancer, 0)->picks, 2, "alone: the node does not count");
    fleet_set(balancer, "a:1#n0 a:1#n1 b:1");
    cr_expect_eq(balancer_at(balancer, 0)->picks, 0);
    cr_expect_eq(balancer_at(balancer, 1)->picks, 2);
    fleet_set(balancer, "a:1#n1 b:1");
    cr_expect_eq(balancer_at(balancer, 0)->picks, 2);
    balancer_free(balancer);
}

/* --- The caller's own order ------------------------------------------------------------------- */

/* Callers that start at the same moment, each with the same list. */
static void expect_spread_of_first_picks(enum balance_policy policy)
{
    int first[3] = {0};
    for (int i = 0; i < 60; i++) {
        char caller[32];
        snprintf(caller, sizeof caller, "order-service-%d", i);
        struct balancer *balancer = fleet_empty(policy, caller, "");
        fleet_set(balancer, "a:1 b:1 c:1");
        const char *picks = fleet_picks(balancer, 6, 0);
        first[picks[0] - 'a']++;
        cr_expect(picks[0] != picks[1] && picks[1] != picks[2] && picks[0] != picks[2], "%s", picks);
        cr_expect_eq(strncmp(picks, picks + 3, 3), 0, "%s", picks);
        balancer_free(balancer);
    }
    for (int i = 0; i < 3; i++)
        cr_expect(first[i] >= 10, "policy %d: %d of 60 callers begin with %c", (int)policy, first[i], 'a' + i);
}

Test(policies, callers_begin_with_different_instances)
{
    expect_spread_of_first_picks(BALANCE_ROUND_ROBIN);
    expect_spread_of_first_picks(BALANCE_WEIGHTED);
}

Test(policies, every_caller_picks_a_a_b_a_of_three_to_one)
{
    static const char *const callers[] = {"", "o1", "o2", "o3", "order-service-1", "order-service-2"};
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        struct balancer *balancer = fleet_empty(BALANCE_WEIGHTED, callers[i], "");
        fleet_set(balancer, "a:3 b:1");
        cr_expect_str_eq(fleet_picks(balancer, 8, 0), "aabaaaba", "%s", callers[i]);
        balancer_free(balancer);
        balancer = fleet_empty(BALANCE_WEIGHTED, callers[i], "");
        fleet_set(balancer, "a:1 b:3");
        cr_expect_str_eq(fleet_picks(balancer, 8, 0), "bbabbbab", "%s", callers[i]);
        balancer_free(balancer);
    }
}

Test(policies, own_order_survives_a_new_list)
{
    struct balancer *balancer = fleet_empty(BALANCE_ROUND_ROBIN, "caller", "");
    char order[8];
    fleet_set(balancer, "a:1 b:1 c:1 d:1");
    snprintf(order, sizeof order, "%s", fleet_picks(balancer, 4, 0));
    fleet_picks(balancer, 1, 0);
    fleet_set(balancer, "a:1 b:1 c:1 d:2");
    cr_expect_eq(strncmp(fleet_picks(balancer, 3, 0), order + 1, 3), 0);
    balancer_free(balancer);
}
