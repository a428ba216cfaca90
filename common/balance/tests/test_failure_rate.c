/* Ejection for the failure rate: how soon, of which instance, and how seldom by chance. */
#include "balance/tests/fleet.h"

TestSuite(failure_rate, .timeout = 300);

/* --- Calls on virtual time --------------------------------------------------------------- */

struct calls {
    struct balancer *balancer;
    const char *failing;  /* the ids that fail: each is a letter. Every second call to each fails */
    int64_t every_ms;
    unsigned made[128];
    int64_t first_failure_ms;
};

static bool next_fails(struct calls *calls, const char *id)
{
    return strchr(calls->failing, *id) && calls->made[(unsigned char)*id]++ % 2 == 0;
}

static void make_call(struct calls *calls, int64_t now_ms)
{
    struct balancer_peer *peer = balancer_pick(calls->balancer, &any_request, now_ms);
    bool fails = next_fails(calls, peer->instance->id);
    if (fails && calls->first_failure_ms == 0)
        calls->first_failure_ms = now_ms;
    balancer_report(calls->balancer, peer, !fails, now_ms);
    balancer_release(peer);
}

/* Returns when these have been made, or at the first ejection. */
static int64_t call_until(struct calls *calls, int64_t now_ms, int64_t end_ms)
{
    uint64_t before = balancer_ejections(calls->balancer);
    for (; now_ms < end_ms && balancer_ejections(calls->balancer) == before; now_ms += calls->every_ms)
        make_call(calls, now_ms);
    return now_ms;
}

static bool is_ejected(const struct calls *calls, const char *id)
{
    return outlier_is_ejected(&fleet_peer(calls->balancer, id)->outlier);
}

/* Begins to fail `healthy_ms` after the start: that is anywhere in an interval. */
static void expect_ejection_within_10_s(enum balance_policy policy, const char *fleet, int64_t healthy_ms)
{
    struct calls calls = {.balancer = fleet_balancer(policy, fleet), .failing = "", .every_ms = 20};
    int64_t now_ms = call_until(&calls, 1000, 1000 + healthy_ms);
    calls.failing = "b";
    now_ms = call_until(&calls, now_ms, now_ms + 20000);
    cr_expect(is_ejected(&calls, "b"));
    cr_expect_eq(balancer_ejections(calls.balancer), 1);
    cr_expect_leq(now_ms - calls.first_failure_ms, 10000, "out after %d ms, if it fails after %d ms",
                  (int)(now_ms - calls.first_failure_ms), (int)healthy_ms);
    balancer_free(calls.balancer);
}

Test(failure_rate, one_that_fails_half_is_out_within_10_s)
{
    for (int64_t healthy_ms = 0; healthy_ms <= 15000; healthy_ms += 250)
        expect_ejection_within_10_s(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1", healthy_ms);
    for (int64_t healthy_ms = 0; healthy_ms <= 5000; healthy_ms += 1000) {
        expect_ejection_within_10_s(BALANCE_RANDOM, "a:1 b:1 c:1", healthy_ms);
        expect_ejection_within_10_s(BALANCE_WEIGHTED, "a:2 b:1 c:1", healthy_ms);
        expect_ejection_within_10_s(BALANCE_ROUND_ROBIN, "a:1 b:1", healthy_ms);
    }
}

static void expect_no_ejection(const char *fleet, const char *failing, int64_t every_ms)
{
    struct calls calls = {
        .balancer = fleet_balancer(BALANCE_ROUND_ROBIN, fleet), .failing = failing, .every_ms = every_ms};
    call_until(&calls, 0, 120000);
    cr_expect_eq(balancer_ejections(calls.balancer), 0, "%s, of which %s fail", fleet, failing);
    balancer_free(calls.balancer);
}

Test(failure_rate, no_instance_is_out_if_all_fail_alike)
{
    expect_no_ejection("a:1 b:1 c:1", "abc", 20);
    expect_no_ejection("a:1 b:1", "ab", 20);
}

Test(failure_rate, lone_instance_or_few_calls_have_no_verdict)
{
    expect_no_ejection("a:1", "a", 20);
    expect_no_ejection("a:1 b:1/critical", "a", 20);
    expect_no_ejection("a:1 b:1 c:1", "b", 50); /* 33 calls of each in 5 s */
}

/* Half of five is two. */
Test(failure_rate, at_most_half_are_out)
{
    struct calls calls = {.balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1 d:1 e:1 f:1/critical"),
                          .failing = "bd", .every_ms = 1};
    fleet_fail(calls.balancer, "a", 5, 0);
    call_until(&calls, 0, 20000);
    cr_expect_eq(balancer_ejections(calls.balancer), 2);
    cr_expect(is_ejected(&calls, "a") && is_ejected(&calls, "b") && !is_ejected(&calls, "d"));
    balancer_free(calls.balancer);
}

/* --- The time of an ejection ------------------------------------------------------------- */

static void expect_text(const struct calls *calls, const char *id, const char *expected, int64_t now_ms)
{
    char text[160] = "";
    const struct balancer_peer *peer = fleet_peer(calls->balancer, id);
    obstacle_text(balancer_why_not(calls->balancer, peer, "", now_ms), peer->instance, "", NULL, text, sizeof text);
    cr_expect_str_eq(text, expected, "%s", text);
}

Test(failure_rate, reason_of_an_ejection_names_both_rates)
{
    struct calls calls = {
        .balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1"), .failing = "b", .every_ms = 20};
    int64_t now_ms = call_until(&calls, 0, 10000) - 20;
    cr_expect_eq(now_ms, 5000);
    expect_text(&calls, "b", "ejected for another 30 s: 50 % of its calls failed in 5 s, 0 % of the others'", now_ms);
    now_ms += 30000;
    balancer_settle(calls.balancer, now_ms);
    struct balancer_peer *held = balancer_pick(calls.balancer, &any_request, now_ms);
    cr_assert_eq(held, fleet_peer(calls.balancer, "b"));
    expect_text(&calls, "b", "on probation after its ejection: one call at a time until one succeeds", now_ms);
    balancer_report(calls.balancer, held, false, now_ms);
    balancer_release(held);
    expect_text(&calls, "b", "ejected for another 60 s: 50 % of its calls failed in 5 s, 0 % of the others'", now_ms);
    balancer_free(calls.balancer);
}

/* Then there are no calls for a while, and the next one is no reason to judge what was before. */
Test(failure_rate, verdict_is_not_taken_long_after_the_interval)
{
    for (int late = 0; late < 2; late++) {
        struct calls calls = {
            .balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1"), .failing = "b", .every_ms = 20};
        call_until(&calls, 0, 4900);
        calls.failing = "";
        make_call(&calls, late ? 30000 : 6000);
        cr_expect_eq(is_ejected(&calls, "b"), !late);
        balancer_free(calls.balancer);
    }
}

/* One success on probation proves little about an instance that fails half of its calls. */
Test(failure_rate, each_further_ejection_is_longer)
{
    struct calls calls = {
        .balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1"), .failing = "b", .every_ms = 20};
    int64_t now_ms = 0;
    for (int64_t n = 1; n <= 4; n++) {
        now_ms = call_until(&calls, now_ms, now_ms + 300000);
        cr_expect_eq(fleet_peer(calls.balancer, "b")->outlier.back_ms - now_ms + 20, n * 30000);
        calls.failing = "";
        now_ms = call_until(&calls, now_ms, now_ms + n * 30000 + 1000);
        cr_expect_not(is_ejected(&calls, "b"));
        calls.failing = "b";
    }
    balancer_free(calls.balancer);
}

Test(failure_rate, thirty_good_seconds_clear_the_ejection_count)
{
    struct calls calls = {
        .balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1"), .failing = "b", .every_ms = 20};
    int64_t now_ms = call_until(&calls, 0, 10000);
    calls.failing = "";
    now_ms = call_until(&calls, now_ms, now_ms + 60000);
    calls.failing = "b";
    now_ms = call_until(&calls, now_ms, now_ms + 10000);
    cr_expect_eq(fleet_peer(calls.balancer, "b")->outlier.back_ms - now_ms + 20, 30000);
    balancer_free(calls.balancer);
}

/* Backup requests overtake it later: that is another cause. */
Test(failure_rate, thirty_good_seconds_count_before_a_test_too)
{
    struct calls calls = {
        .balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1"), .failing = "b", .every_ms = 20};
    int64_t now_ms = call_until(&calls, 0, 10000);
    calls.failing = "";
    now_ms = call_until(&calls, now_ms, now_ms + 65000);
    struct balancer_peer *b = fleet_peer(calls.balancer, "b");
    for (int i = 0; i < OUTLIER_FAILURES; i++)
        balancer_note_overtaken(calls.balancer, b, now_ms);
    cr_expect(b->outlier.on_probation);
    fleet_fail(calls.balancer, "b", 1, now_ms);
    cr_expect_eq(b->outlier.back_ms - now_ms, 30000);
    balancer_free(calls.balancer);
}

/* --- What counts ------------------------------------------------------------------------- */

static void report_many(struct balancer *balancer, const char *id, int calls, int64_t now_ms)
{
    for (int i = 0; i < calls; i++)
        balancer_report(balancer, fleet_peer(balancer, id), i % 2 == 0, now_ms);
}

static void succeed(struct balancer *balancer, const char *ids, int calls, int64_t now_ms)
{
    for (const char *id = ids; *id; id++)
        for (int i = 0; i < calls; i++)
            balancer_report(balancer, fleet_peer(balancer, (char[]){*id, '\0'}), true, now_ms);
}

/* The end of an interval, seen by the next call to any instance. */
static bool is_out_at(struct balancer *balancer, const char *id, int64_t now_ms)
{
    succeed(balancer, "c", 1, now_ms);
    return outlier_is_out(&fleet_peer(balancer, id)->outlier);
}

Test(failure_rate, calls_count_across_lists_but_not_across_addresses)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1");
    report_many(balancer, "b", 30, 0);
    fleet_set(balancer, "aa:1 b:1 c:1");
    report_many(balancer, "b", 30, 0);
    succeed(balancer, "c", 60, 0);
    cr_expect(is_out_at(balancer, "b", 5000));
    fleet_set(balancer, "aa:1 b:1/moved c:1");
    report_many(balancer, "b", 60, 5000);
    fleet_set(balancer, "aa:1 b:1 c:1");
    succeed(balancer, "c", 60, 5000);
    cr_expect_not(is_out_at(balancer, "b", 10000), "another process has failed these calls");
    balancer_free(balancer);
}

/* Their failures must not hide those of another one. */
Test(failure_rate, late_failures_of_an_ejected_one_do_not_count)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1 d:1");
    fleet_fail(balancer, "a", 500, 0);
    report_many(balancer, "b", 80, 0);
    succeed(balancer, "cd", 80, 0);
    cr_expect(is_out_at(balancer, "b", 5000));
    balancer_free(balancer);
}

Test(failure_rate, old_interval_does_not_count)
{
    struct balancer *balancer = fleet_balancer(BALANCE_ROUND_ROBIN, "a:1 b:1 c:1");
    report_many(balancer, "b", 38, 0);
    succeed(balancer, "c", 38, 0);
    cr_expect_not(is_out_at(balancer, "b", 5000));
    report_many(balancer, "b", 38, 5000);
    succeed(balancer, "c", 38, 5000);
    cr_expect_not(is_out_at(balancer, "b", 10000));
    balancer_free(balancer);
}

/* --- By chance --------------------------------------------------------------------------- */

enum { CALLS_MAX = 1000 };

/* chances[k]: of n calls, each of which fails with probability p, k fail. */
static void fill_binomial(double chances[CALLS_MAX + 1], unsigned n, double p)
{
    memset(chances, 0, (CALLS_MAX + 1) * sizeof *chances);
    chances[0] = 1;
    for (unsigned call = 0; call < n; call++)
        for (unsigned k = call + 2; k-- > 0;)
            chances[k] = chances[k] * (1 - p) + (k > 0 ? chances[k - 1] * p : 0);
}

/* How likely a verdict on an instance is, if each of its n calls fails with probability p, and each of the m calls
 * to the others with probability q. */
static double verdict_chance(unsigned n, double p, unsigned m, double q)
{
    double sum = 0, own[CALLS_MAX + 1], others[CALLS_MAX + 1];
    fill_binomial(own, n, p);
    fill_binomial(others, m, q);
    for (unsigned x = 0; x <= n; x++)
        for (unsigned y = 0; y <= m; y++) {
            struct failure_rate rate = {.all = {.calls = n + m, .failures = x + y}};
            struct failure_tally tally = {.calls = n, .failures = x};
            if (failure_rate_stands_out(&rate, &tally))
                sum += own[x] * others[y];
        }
    return sum;
}

Test(failure_rate, healthy_ones_are_almost_never_out_by_chance)
{
    static const struct { unsigned own, others; } calls[] = {{40, 40}, {40, 80}, {40, 1000}, {80, 160}, {500, 1000}};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        for (int percent = 1; percent < 100; percent += percent < 20 ? 1 : 10) {
            double p = percent / 100.0, chance = verdict_chance(calls[i].own, p, calls[i].others, p);
            cr_expect_lt(chance, percent <= 5 ? 1e-6 : 2.5e-5, "%u and %u calls, %d %% fail: %g", calls[i].own,
                         calls[i].others, percent, chance);
        }
}

Test(failure_rate, coin_that_fails_half_is_found_in_80_calls)
{
    cr_expect_gt(verdict_chance(80, 0.5, 160, 0), 0.9999);
    cr_expect_gt(verdict_chance(80, 0.5, 160, 0.05), 0.999);
    cr_expect_gt(verdict_chance(40, 0.5, 80, 0), 0.99);
}
