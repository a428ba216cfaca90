/* Zones: which part of the calls stays in the caller's zone, for each policy. */
#include "balance/tests/fleet.h"

TestSuite(zones, .timeout = 300);

#define TEN "a:1@z1 b:1@z2 c:1@z2 d:1@z2 e:1@z2 f:1@z2 g:1@z2 h:1@z2 i:1@z2 j:1@z2"

static const char *policy_name(int policy, char *out, size_t size)
{
    const char *name = BALANCE_POLICY_NAMES;
    for (int i = 0; i < policy; i++)
        name = strchr(name, '|') + 1;
    snprintf(out, size, "%.*s", (int)strcspn(name, "|"), name);
    return out;
}

/* How many of 1,000 calls, each with another key, go to an instance in this zone. Checks that explain says the same. */
static int calls_to(struct balancer *balancer, const char *zone)
{
    int count = 0;
    for (int i = 0; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        const struct balance_request request = {.key = key};
        const struct balancer_peer *peeked = balancer_peek(balancer, &request, 0);
        cr_assert_eq(balancer_why_not(balancer, peeked, key, 0).kind, OBSTACLE_NONE);
        struct balancer_peer *peer = balancer_pick(balancer, &request, 0);
        cr_assert_eq(peer, peeked);
        count += strcmp(peer->instance->zone, zone) == 0;
        balancer_release(peer);
    }
    return count;
}

/* A key's side is drawn, so its share is not exact. */
static void expect_near(const char *zone, const char *fleet, int per_thousand)
{
    char name[32];
    for (int policy = 0; policy < policy_count(); policy++) {
        struct balancer *balancer = fleet_empty((enum balance_policy)policy, "caller", zone);
        fleet_set(balancer, fleet);
        int near = calls_to(balancer, zone), slack = policy == BALANCE_CONSISTENT_HASH && per_thousand < 1000 ? 50 : 1;
        cr_expect(abs(near - per_thousand) <= slack, "%s: %d of 1000 calls stay in %s, not %d",
                  policy_name(policy, name, sizeof name), near, zone, per_thousand);
        balancer_free(balancer);
    }
}

Test(zones, lone_near_instance_gets_its_share_of_two_zones)
{
    expect_near("z1", TEN, 200);
    expect_near("z2", TEN, 1000);
}

Test(zones, near_share_counts_weights_and_all_zones)
{
    expect_near("z1", "a:2@z1 b:5@z2 c:3@z3", 600);
    expect_near("z1", "a:1@z1 b:1/warning@z1 c:6@z2", 500); /* warning weight 1 */
    expect_near("z1", "a:1@z1 b:3", 250);                   /* only one zone is named */
    expect_near("z1", "a:1@z1 b:1@z2", 1000);
    expect_near("z1", "a:1@z1 b:9@z2 c:1/critical@z3 d:1/maintenance@z4", 400); /* their callers count */
}

/* Which of the first calls of this caller is the first that stays in its zone. */
static size_t first_near_call(enum balance_policy policy, const char *caller)
{
    struct balancer *balancer = fleet_empty(policy, caller, "z1");
    fleet_set(balancer, TEN);
    size_t first = strcspn(fleet_picks(balancer, 5, 0), "a");
    balancer_free(balancer);
    return first;
}

/* Otherwise a lone near instance would get the calls of all callers of its zone at once. */
Test(zones, callers_call_their_zone_at_different_turns)
{
    static const char *const callers[] = {"orders-0", "orders-1", "orders-2", "orders-3", "orders-4", "orders-5"};
    for (int policy = 0; policy < policy_count(); policy++) {
        bool all_alike = true;
        for (size_t i = 0; i < 6 && policy != BALANCE_CONSISTENT_HASH; i++) {
            size_t first = first_near_call((enum balance_policy)policy, callers[i]);
            cr_expect_lt(first, 5, "one of five calls stays near");
            all_alike &= first == first_near_call((enum balance_policy)policy, callers[0]);
        }
        cr_expect(policy == BALANCE_CONSISTENT_HASH || !all_alike, "policy %d", policy);
    }
}

Test(zones, far_calls_go_to_other_zones_by_weight)
{
    struct balancer *balancer = fleet_empty(BALANCE_WEIGHTED, "caller", "z1");
    fleet_set(balancer, "a:1@z1 b:6@z2 c:3@z3"); /* 30 % near, 70 % far */
    cr_expect_eq(calls_to(balancer, "z1"), 300);
    cr_expect(abs((int)fleet_peer(balancer, "b")->picks - 467) <= 1);
    cr_expect(abs((int)fleet_peer(balancer, "c")->picks - 233) <= 1);
    balancer_free(balancer);
}

Test(zones, no_zone_is_preferred_without_an_instance_in_it)
{
    static const char *const callers[] = {"", "z9", "z3"};
    for (size_t i = 0; i < 3; i++) {
        struct balancer *balancer = fleet_empty(BALANCE_ROUND_ROBIN, "", callers[i]);
        fleet_set(balancer, "a:1@z1 b:1@z2 c:1/critical@z3 d:1");
        cr_expect_str_eq(fleet_picks(balancer, 4, 0), "abda", "%s", callers[i]);
        balancer_free(balancer);
    }
}

Test(zones, key_stays_on_its_side)
{
    struct balancer *balancer = fleet_empty(BALANCE_CONSISTENT_HASH, "caller", "z1");
    fleet_set(balancer, TEN);
    for (int i = 0; i < 100; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        const struct balance_request request = {.key = key};
        struct balancer_peer *first = balancer_pick(balancer, &request, 0), *second = balancer_pick(balancer, &request, 0);
        cr_expect_eq(first, second, "key %s", key);
        balancer_release(first);
        balancer_release(second);
    }
    balancer_free(balancer);
}

/* Otherwise a list that changes often would begin the turns again each time. */
Test(zones, share_holds_while_the_list_changes)
{
    struct balancer *balancer = fleet_empty(BALANCE_ROUND_ROBIN, "caller", "z1");
    int near = 0;
    for (int i = 0; i < 500; i++) {
        fleet_set(balancer, i % 2 ? TEN : TEN " k:1/critical@z2");
        const char *picks = fleet_picks(balancer, 2, 0);
        near += (picks[0] == 'a') + (picks[1] == 'a');
    }
    cr_expect(abs(near - 200) <= 2, "%d of 1000 stay near", near);
    balancer_free(balancer);
}

static void expect_reason(struct balancer *balancer, const char *id, const char *reason)
{
    char text[300] = "can be picked";
    const struct balancer_peer *peer = fleet_peer(balancer, id);
    struct obstacle obstacle = balancer_why_not(balancer, peer, "", 0);
    if (obstacle.kind != OBSTACLE_NONE)
        obstacle_text(obstacle, peer->instance, "z1", NULL, text, sizeof text);
    cr_expect_str_eq(text, reason, "%s: %s", id, text);
}

#define SHARE "20 % of the calls stay in the caller's zone z1 (weight 1 of 10, zones: 2), "

Test(zones, explain_names_the_side_and_the_share)
{
    struct balancer *balancer = fleet_empty(BALANCE_ROUND_ROBIN, "", "z1");
    fleet_set(balancer, TEN);
    expect_reason(balancer, "a", "in zone z1; " SHARE "and the next call does not");
    expect_reason(balancer, "b", "can be picked");
    while (strcmp(balancer_peek(balancer, &any_request, 0)->instance->id, "a") != 0)
        fleet_picks(balancer, 1, 0);
    expect_reason(balancer, "a", "can be picked");
    expect_reason(balancer, "b", "in zone z2; " SHARE "and the next call does");
    fleet_set(balancer, "a:1@z1 b:1");
    while (strcmp(balancer_peek(balancer, &any_request, 0)->instance->id, "a") != 0)
        fleet_picks(balancer, 1, 0);
    expect_reason(balancer, "b", "in no zone; 50 % of the calls stay in the caller's zone z1 (weight 1 of 2, zones: 1), "
                                 "and the next call does");
    balancer_free(balancer);
}

Test(zones, retry_goes_to_the_other_side_when_one_is_tried)
{
    struct balancer *balancer = fleet_empty(BALANCE_ROUND_ROBIN, "caller", "here");
    fleet_set(balancer, "a:1@here c:1@there d:1@there");
    struct balancer_peer *tried[3];
    struct balance_request request = {.key = "", .tried = tried};
    for (; request.tried_count < 3; request.tried_count++) {
        tried[request.tried_count] = balancer_pick(balancer, &request, 0);
        cr_assert_not_null(tried[request.tried_count]);
    }
    cr_expect(tried[0] != tried[1] && tried[1] != tried[2] && tried[0] != tried[2]);
    cr_expect_null(balancer_pick(balancer, &request, 0));
    while (request.tried_count > 0)
        balancer_release(tried[--request.tried_count]);
    balancer_free(balancer);
}

/* Of 1,000 calls: how many fail at a missing instance, and how many of these are then retried near. */
static void count_listed_retries(struct balancer *balancer, int *retries, int *near)
{
    *retries = *near = 0;
    for (int i = 0; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        struct balancer_peer *tried = balancer_pick(balancer, &(struct balance_request){.key = key}, 0);
        const struct balance_request request = {.key = key, .tried = &tried, .tried_count = 1, .prefer_listed = true};
        struct balancer_peer *retried = tried->missing ? balancer_pick(balancer, &request, 0) : NULL;
        balancer_release(tried);
        if (!retried)
            continue;
        cr_expect_not(retried->missing);
        *retries += 1;
        *near += strcmp(retried->instance->zone, "z1") == 0;
        balancer_release(retried);
    }
}

/* Otherwise a lone near instance gets the retries of all calls that failed at missing instances. */
Test(zones, retries_after_missing_ones_keep_the_share)
{
    struct instance_list *list = fleet_new(TEN " k:1@z2 l:1@z2 m:1@z2 n:1@z2 o:1@z2"
                                               " p:1@z2 q:1@z2 r:1@z2 s:1@z2 t:1@z2");
    const bool missing[20] = {[10] = true, true, true, true, true, true, true, true, true, true};
    for (int policy = 0; policy < policy_count(); policy++) {
        struct balancer *balancer = fleet_empty((enum balance_policy)policy, "caller", "z1");
        int retries, near;
        cr_assert_eq(balancer_update(balancer, list, missing, 0), 0);
        count_listed_retries(balancer, &retries, &near);
        cr_expect(retries > 300 && near * 4 < retries, "policy %d: %d of %d retries stay near", policy, near, retries);
        balancer_free(balancer);
    }
    instance_list_unref(list);
}
