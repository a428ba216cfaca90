/* Slow start: how the share of an instance grows, after what, and what stays as it is. */
#include "balance/tests/fleet.h"
#include "base/rand.h"

enum { WINDOW_MS = 10000, PICKS = 3000 };

static struct balancer *ramping(enum balance_policy policy, const char *caller, const char *zone)
{
    rand_seed(1);
    return balancer_new(&(struct balancer_config){
        .policy = policy, .caller = caller, .zone = zone, .slow_start_ms = WINDOW_MS});
}

/* Of PICKS picks at this time: how many this instance gets. */
static int picks_of(struct balancer *balancer, const char *id, int64_t now_ms)
{
    int count = 0;
    for (int i = 0; i < PICKS; i++) {
        const struct balancer_peer *peeked = balancer_peek(balancer, &any_request, now_ms);
        struct balancer_peer *picked = balancer_pick(balancer, &any_request, now_ms);
        cr_assert_eq(peeked, picked);
        count += strcmp(picked->instance->id, id) == 0;
        balancer_release(picked);
    }
    return count;
}

/* Of PICKS picks, what an instance of this weight gets at this part of its share beside others of this weight. */
static int expected(double weight, double part, double others)
{
    return (int)(PICKS * weight * part / (weight * part + others));
}

static void expect_picks(struct balancer *balancer, const char *id, int64_t now_ms, int expected_picks, int off)
{
    int picks = picks_of(balancer, id, now_ms);
    cr_expect(picks >= expected_picks - off && picks <= expected_picks + off, "%s at %lld ms: %d picks, expected %d ± %d",
              id, (long long)now_ms, picks, expected_picks, off);
}

/* Whatever began at `begin_ms`: 10 % until a tenth of the time, then as much as the time. */
static void expect_ramp(struct balancer *balancer, const char *id, int64_t begin_ms, double weight, double others, int off)
{
    static const double moments[][2] = {{0, .1}, {.05, .1}, {.1, .1}, {.2, .2}, {.34, .34}, {.5, .5}, {.75, .75},
                                        {.999, .999}, {1, 1}, {2, 1}};
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++)
        expect_picks(balancer, id, begin_ms + (int64_t)(moments[i][0] * WINDOW_MS),
                     expected(weight, moments[i][1], others), off);
}

Test(slow_start, share_of_new_instance_grows)
{
    static const enum balance_policy policies[] = {BALANCE_ROUND_ROBIN, BALANCE_WEIGHTED};
    for (int i = 0; i < 2; i++) {
        struct balancer *balancer = ramping(policies[i], "", "");
        fleet_set_at(balancer, "a:1 b:1 c:1", 1000);
        fleet_set_at(balancer, "a:1 b:1 c:1 new:1", 2000);
        expect_ramp(balancer, "new", 2000, 1, 3, 2);
        balancer_free(balancer);
    }
}

Test(slow_start, share_grows_with_random_draws)
{
    struct balancer *balancer = ramping(BALANCE_RANDOM, "", "");
    fleet_set_at(balancer, "a:1 b:1 c:1", 1000);
    fleet_set_at(balancer, "a:1 b:1 c:1 new:1", 2000);
    expect_ramp(balancer, "new", 2000, 1, 3, 90); /* four standard deviations at the most */
    balancer_free(balancer);
}

Test(slow_start, weights_count_while_a_share_grows)
{
    struct balancer *balancer = ramping(BALANCE_WEIGHTED, "", "");
    fleet_set_at(balancer, "a:1 b:1", 1000);
    fleet_set_at(balancer, "a:1 b:1 three:3 one:1", 2000);
    /* At 10 % of both: 1 + 1 + 0.3 + 0.1. */
    expect_picks(balancer, "three", 2000, (int)(PICKS * .3 / 2.4), 3);
    expect_picks(balancer, "one", 2000, (int)(PICKS * .1 / 2.4), 3);
    expect_picks(balancer, "three", 7000, (int)(PICKS * 1.5 / 4), 3);
    expect_picks(balancer, "one", 7000, (int)(PICKS * .5 / 4), 3);
    balancer_free(balancer);
}

Test(slow_start, all_of_first_list_start_alike)
{
    struct balancer *balancer = ramping(BALANCE_ROUND_ROBIN, "", "");
    fleet_set_at(balancer, "a:1 b:1/critical", 1000);
    fleet_set_at(balancer, "a:1 b:1", 1001);
    expect_picks(balancer, "b", 1001, expected(1, .1, 1), 2); /* it becomes healthy beside a */
    balancer_free(balancer);

    balancer = ramping(BALANCE_ROUND_ROBIN, "", "");
    fleet_set_at(balancer, "a:1/critical b:1/critical", 1000);
    fleet_set_at(balancer, "a:1 b:1", 1001); /* no other instance gets calls */
    cr_expect_str_eq(fleet_picks(balancer, 6, 1001), "ababab");
    balancer_free(balancer);

    balancer = ramping(BALANCE_ROUND_ROBIN, "", "");
    fleet_set_at(balancer, "a:1 b:1 c:1", 1000);
    cr_expect_str_eq(fleet_picks(balancer, 6, 1000), "abcabc");
    fleet_set_at(balancer, "d:1 e:1", 1000); /* all are new */
    cr_expect_str_eq(fleet_picks(balancer, 4, 1000), "dede");
    balancer_free(balancer);
}

/* `b` as the registry lists it, or as what discovery keeps of it. */
static void set_b(struct balancer *balancer, const char *text, bool is_missing, int64_t now_ms)
{
    struct instance_list *list = fleet_new(text);
    cr_assert_eq(balancer_update(balancer, list, (const bool[]){false, is_missing, false}, now_ms), 0);
    instance_list_unref(list);
}

/* The registry has lost its data. The process of b goes on, and is critical until the first check of its new entry. */
Test(slow_start, lost_registration_begins_none)
{
    for (int late = 0; late < 2; late++) {
        int64_t back_ms = 4000 + (late ? WINDOW_MS : 0);
        struct balancer *balancer = ramping(BALANCE_ROUND_ROBIN, "", "");
        set_b(balancer, "a:1 b:1 c:1", false, 1000);
        set_b(balancer, "a:1 b:1 c:1", true, 2000);
        set_b(balancer, "a:1 b:1/critical c:1", false, 3000);
        set_b(balancer, "a:1 b:1 c:1", false, back_ms);
        if (late)
            expect_picks(balancer, "b", back_ms, expected(1, .1, 2), 2); /* it was ill for longer than a slow start */
        else
            cr_expect_eq(picks_of(balancer, "b", back_ms), PICKS / 3);
        set_b(balancer, "a:1 b:1/critical c:1", false, 20000);
        set_b(balancer, "a:1 b:1 c:1", false, 20001);
        expect_picks(balancer, "b", 20001, expected(1, .1, 2), 2); /* now only its check had failed */
        balancer_free(balancer);
    }
}

Test(slow_start, it_is_off_by_default)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1");
    fleet_set(balancer, "a:1 b:1 new:1");
    cr_expect_eq(picks_of(balancer, "new", 0), PICKS / 3);
    cr_expect_eq(balancer_share(balancer, fleet_peer(balancer, "new"), 0), SLOW_START_WHOLE);
    balancer_free(balancer);
}

Test(slow_start, ejected_instance_returns_with_small_share)
{
    struct balancer *balancer = ramping(BALANCE_ROUND_ROBIN, "", "");
    fleet_set_at(balancer, "a:1 b:1 c:1", 1000);
    fleet_fail(balancer, "b", OUTLIER_FAILURES, 1000);
    int64_t back_ms = 1000 + OUTLIER_EJECT_MS;
    struct balancer_peer *trial = balancer_pick(balancer, &any_request, back_ms);
    cr_assert_str_eq(trial->instance->id, "b", "on probation");
    balancer_report(balancer, trial, true, back_ms);
    balancer_release(trial);
    expect_ramp(balancer, "b", back_ms, 1, 2, 2);
    balancer_free(balancer);
}

Test(slow_start, recovered_instance_returns_with_small_share)
{
    static const char *const before[] = {"a:1 b:1/critical c:1", "a:1 b:1/maintenance c:1", "a:1 b:1/node_down c:1",
                                         "a:1 b:1/moved c:1"};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        struct balancer *balancer = ramping(BALANCE_ROUND_ROBIN, "", "");
        fleet_set_at(balancer, "a:1 b:1 c:1", 1000);
        fleet_set_at(balancer, before[i], 50000);
        fleet_set_at(balancer, "a:1 b:1 c:1", 100000);
        expect_ramp(balancer, "b", 100000, 1, 2, 2);
        balancer_free(balancer);
    }
}

Test(slow_start, other_changes_of_the_list_begin_none)
{
    struct balancer *balancer = ramping(BALANCE_ROUND_ROBIN, "", "");
    fleet_set_at(balancer, "a:1 b:1 c:1", 1000);
    fleet_set_at(balancer, "a:1 b:1/warning c:2", 2000);
    fleet_set_at(balancer, "a:1 b:1", 3000);
    cr_expect_eq(picks_of(balancer, "a", 3000), PICKS / 2);
    fleet_set_at(balancer, "a:1 b:1 new:1", 4000);
    fleet_set_at(balancer, "a:2 b:1 new:1", 9000); /* its slow start goes on */
    expect_picks(balancer, "new", 9000, expected(1, .5, 2), 2);
    balancer_free(balancer);
}

Test(slow_start, new_instances_alone_share_all_calls)
{
    struct balancer *balancer = ramping(BALANCE_ROUND_ROBIN, "", "");
    fleet_set_at(balancer, "old:1", 1000);
    fleet_set_at(balancer, "a:1 b:1 c:1 old:1", 2000);
    fleet_set_at(balancer, "a:1 b:1 c:1", 2000);
    for (int i = 0; i < 3; i++)
        expect_picks(balancer, (const char *const[]){"a", "b", "c"}[i], 2000, PICKS / 3, 3);
    balancer_free(balancer);
}

/* 999 of 1,000 instances are new. */
static struct balancer *mostly_new(void)
{
    static char text[16000];
    size_t len = (size_t)sprintf(text, "old:1");
    struct balancer *balancer = ramping(BALANCE_ROUND_ROBIN, "caller", "");
    fleet_set_at(balancer, text, 1000);
    for (int i = 0; i < 999; i++)
        len += (size_t)sprintf(text + len, " n%03d:1", i);
    fleet_set_at(balancer, text, 2000);
    return balancer;
}

Test(slow_start, many_new_instances_get_their_shares)
{
    struct balancer *balancer = mostly_new();
    expect_picks(balancer, "old", 2000, expected(1, 1, 99.9), 3);
    balancer_free(balancer);
}

/* The worst case: no instance has gained anything yet. */
Test(slow_start, pick_passes_on_a_limited_number_of_turns)
{
    struct balancer *balancer = mostly_new();
    cr_assert_str_eq(fleet_picks(balancer, 1, 2000), "old", "its next turn is a round later");
    int gained = 0;
    for (size_t i = 0; i < balancer_count(balancer); i++)
        ((struct balancer_peer *)balancer_at(balancer, i))->slow_start.gained = 0;
    struct balancer_peer *peer = balancer_pick(balancer, &any_request, 2000);
    cr_assert_not_null(peer);
    balancer_release(peer);
    for (size_t i = 0; i < balancer_count(balancer); i++)
        gained += balancer_at(balancer, i)->slow_start.gained;
    cr_expect(gained <= SLOW_START_PASSES_MAX * SLOW_START_LEAST, "%d", gained);
    balancer_free(balancer);
}

Test(slow_start, new_instance_alone_in_its_zone_ramps)
{
    struct balancer *balancer = ramping(BALANCE_ROUND_ROBIN, "", "z1");
    fleet_set_at(balancer, "a:1@z2 b:1@z2", 1000);
    fleet_set_at(balancer, "a:1@z2 b:1@z2 new:1@z1", 2000);
    /* 2/3 of the calls stay near when it has its full share. */
    expect_picks(balancer, "new", 2000, expected(2, .1, 1), 3);
    expect_picks(balancer, "new", 12000, PICKS * 2 / 3, 2);
    balancer_free(balancer);
}

Test(slow_start, key_keeps_its_instance)
{
    struct balancer *balancer = ramping(BALANCE_CONSISTENT_HASH, "", "");
    fleet_set_at(balancer, "a:1 b:1", 1000);
    fleet_set_at(balancer, "a:1 b:1 new:1", 2000);
    for (int i = 0; i < 100; i++) {
        char key[8];
        snprintf(key, sizeof key, "%d", i);
        const struct balance_request request = {.key = key};
        const struct balancer_peer *first = balancer_peek(balancer, &request, 2000);
        for (int n = 0; n < 20; n++) {
            struct balancer_peer *picked = balancer_pick(balancer, &request, 2000);
            cr_expect_eq(picked, first);
            balancer_release(picked);
        }
    }
    cr_expect_eq(balancer_share(balancer, fleet_peer(balancer, "new"), 2000), SLOW_START_WHOLE);
    balancer_free(balancer);
}

Test(slow_start, change_of_policy_begins_none)
{
    struct balancer *balancer = ramping(BALANCE_CONSISTENT_HASH, "", "");
    fleet_set_at(balancer, "a:1 b:1", 1000);
    fleet_set_at(balancer, "a:1 b:1 new:1", 2000);
    cr_assert_eq(balancer_set_policy(balancer, BALANCE_ROUND_ROBIN, 3000), 0);
    cr_expect_eq(picks_of(balancer, "new", 3000), PICKS / 3, "it had its full share already");
    fleet_set_at(balancer, "a:1 b:1 new:1 other:1", 4000);
    cr_assert_eq(balancer_set_policy(balancer, BALANCE_WEIGHTED, 9000), 0);
    expect_picks(balancer, "other", 9000, expected(1, .5, 3), 2); /* its slow start goes on */
    balancer_free(balancer);
}

Test(slow_start, retry_may_take_a_turn_in_slow_start)
{
    struct balancer *balancer = ramping(BALANCE_ROUND_ROBIN, "", "");
    fleet_set_at(balancer, "a:1", 1000);
    fleet_set_at(balancer, "a:1 new:1", 2000);
    struct balancer_peer *tried[] = {fleet_peer(balancer, "a")};
    const struct balance_request retry = {.key = "", .tried = tried, .tried_count = 1};
    struct balancer_peer *picked = balancer_pick(balancer, &retry, 2000);
    cr_assert_str_eq(picked->instance->id, "new");
    balancer_release(picked);
    balancer_free(balancer);
}

Test(slow_start, explain_names_share_and_time_left)
{
    struct balancer *balancer = ramping(BALANCE_ROUND_ROBIN, "", "");
    fleet_set_at(balancer, "a:1 b:1", 1000);
    fleet_set_at(balancer, "a:1 b:1 new:1", 2000);
    struct balancer_peer *fresh = fleet_peer(balancer, "new");
    struct obstacle obstacle = {0};
    for (int i = 0; i < 20 && obstacle.kind == OBSTACLE_NONE; i++) {
        obstacle = balancer_why_not(balancer, fresh, "", 5400);
        balancer_release(balancer_pick(balancer, &any_request, 5400));
    }
    cr_assert_eq(obstacle.kind, OBSTACLE_SLOW_START);
    char text[200];
    obstacle_text(obstacle, fresh->instance, "", NULL, text, sizeof text);
    cr_expect_str_eq(text, "in slow start: 34 % of its share, for another 6.6 s");
    cr_expect_eq(balancer_share(balancer, fresh, 5400), 340);
    balancer_free(balancer);
}
