/* least_request: of two random instances, the one with fewer calls in flight. */
#include "balance/tests/fleet.h"
#include "base/rand.h"

TestSuite(least_request, .timeout = 300);

static double share(struct balancer *balancer, const char *id, int picks)
{
    return (double)fleet_peer(balancer, id)->picks / picks;
}

static void setup(void)
{
    rand_seed(1);
}

/* --- Calls one after the other ------------------------------------------------------- */

static void expect_idle_shares(const char *fleet, double a, double b)
{
    enum { PICKS = 20000 };
    struct balancer *balancer = fleet_balancer(BALANCE_LEAST_REQUEST, fleet);
    for (int i = 0; i < PICKS / 100; i++)
        fleet_picks(balancer, 100, 0);
    cr_expect_float_eq(share(balancer, "a", PICKS), a, 0.015, "%s: %f", fleet, share(balancer, "a", PICKS));
    cr_expect_float_eq(share(balancer, "b", PICKS), b, 0.015, "%s: %f", fleet, share(balancer, "b", PICKS));
    balancer_free(balancer);
}

Test(least_request, idle_instances_get_shares_by_weight, .init = setup)
{
    expect_idle_shares("a:3 b:1", 0.75, 0.25);
    expect_idle_shares("a:1 b:1", 0.5, 0.5);
    expect_idle_shares("a:300 b:100 c:100 d:100", 0.5, 1 / 6.0);
    expect_idle_shares("a:6 b:1 c:2", 6 / 9.0, 1 / 9.0);
    expect_idle_shares("a:9/warning b:3", 0.25, 0.75);
}

Test(least_request, retry_is_drawn_by_weight_of_the_untried, .init = setup)
{
    enum { PICKS = 20000 };
    struct balancer *balancer = fleet_balancer(BALANCE_LEAST_REQUEST, "a:5 b:3 c:9 d:1 e:7");
    struct balancer_peer *tried[] = {fleet_peer(balancer, "e"), fleet_peer(balancer, "a"), fleet_peer(balancer, "c")};
    struct balance_request request = {.key = "", .tried = tried, .tried_count = 3};
    for (int i = 0; i < PICKS; i++)
        balancer_release(balancer_pick(balancer, &request, 0));
    cr_expect_float_eq(share(balancer, "b", PICKS), 0.75, 0.015);
    cr_expect_float_eq(share(balancer, "d", PICKS), 0.25, 0.015);
    balancer_free(balancer);
}

/* --- Calls in flight ----------------------------------------------------------------- */

Test(least_request, idle_one_of_two_gets_the_call, .init = setup)
{
    struct balancer *balancer = fleet_balancer(BALANCE_LEAST_REQUEST, "a:1 b:1");
    struct balancer_peer *held = balancer_pick(balancer, &any_request, 0);
    const char *idle = strcmp(held->instance->id, "a") == 0 ? "bbbbbbbbbb" : "aaaaaaaaaa";
    cr_expect_str_eq(fleet_picks(balancer, 10, 0), idle);
    balancer_release(held);
    balancer_free(balancer);
}

/* With one draw instead of two, the largest of 100 has about 20 calls; with two, about 12. */
Test(least_request, two_draws_keep_the_largest_queue_short, .init = setup)
{
    enum { INSTANCES = 100, CALLS = 1000 };
    static struct balancer_peer *held[CALLS];
    struct balancer *balancer = fleet_balancer(BALANCE_LEAST_REQUEST, "");
    char text[INSTANCES * 8] = "";
    for (int i = 0; i < INSTANCES; i++)
        sprintf(text + strlen(text), "i%02d:7 ", i);
    fleet_set(balancer, text);
    uint64_t most = 0;
    for (int i = 0; i < CALLS; i++) {
        held[i] = balancer_pick(balancer, &any_request, 0);
        most = held[i]->picks > most ? held[i]->picks : most;
    }
    cr_expect_leq(most, 14);
    for (int i = 0; i < CALLS; i++)
        balancer_release(held[i]);
    balancer_free(balancer);
}

/* `clients` callers: each makes its next call when its last one has ended. An instance answers after
 * one turn, the slow one after ten. */
enum { CLIENTS = 32, TURNS = 2000 };

static int run_clients(struct balancer *balancer, const char *slow)
{
    static struct balancer_peer *at[CLIENTS];
    int ends[CLIENTS] = {0}, picks = 0;
    for (int turn = 0; turn <= TURNS; turn++) {
        for (int i = 0; i < CLIENTS; i++) {
            if (ends[i] > turn)
                continue;
            if (at[i])
                balancer_release(at[i]);
            at[i] = turn < TURNS ? balancer_pick(balancer, &any_request, 0) : NULL;
            if (!at[i])
                continue;
            picks++;
            ends[i] = turn + (strcmp(at[i]->instance->id, slow) == 0 ? 10 : 1);
        }
    }
    for (int i = 0; i < CLIENTS; i++)
        if (at[i])
            balancer_release(at[i]);
    return picks;
}

Test(least_request, slow_instance_gets_a_share_by_its_speed, .init = setup)
{
    struct balancer *balancer = fleet_balancer(BALANCE_LEAST_REQUEST, "a:1 b:1 c:1");
    int picks = run_clients(balancer, "a");
    cr_expect_lt(share(balancer, "a", picks), 0.1, "%f", share(balancer, "a", picks));
    cr_expect_gt(share(balancer, "a", picks), 0.02, "%f", share(balancer, "a", picks));
    balancer_free(balancer);
}

Test(least_request, busy_instances_get_shares_by_weight, .init = setup)
{
    struct balancer *balancer = fleet_balancer(BALANCE_LEAST_REQUEST, "a:3 b:1");
    int picks = run_clients(balancer, "");
    cr_expect_float_eq(share(balancer, "a", picks), 0.75, 0.03, "%f", share(balancer, "a", picks));
    balancer_free(balancer);
}

/* --- Slow start ---------------------------------------------------------------------- */

/* The new instance is idle, so it would win each comparison. At its tenth it gets a tenth of that. */
Test(least_request, idle_instance_in_slow_start_gets_a_tenth, .init = setup)
{
    enum { PICKS = 6000, HELD = 20 };
    struct balancer_peer *held[HELD];
    struct balancer *balancer = balancer_new(&(struct balancer_config){
        .policy = BALANCE_LEAST_REQUEST, .caller = "", .zone = "", .slow_start_ms = 10000});
    fleet_set(balancer, "a:1 b:1");
    for (int i = 0; i < HELD; i++)
        held[i] = balancer_pick(balancer, &any_request, 20000);
    fleet_set_at(balancer, "a:1 b:1 c:1", 20000);
    for (int i = 0; i < PICKS / 100; i++)
        fleet_picks(balancer, 100, 20000);
    cr_expect_float_eq(share(balancer, "c", PICKS), 2 / 3.0 / 10, 0.01, "%f", share(balancer, "c", PICKS));
    for (int i = 0; i < HELD; i++)
        balancer_release(held[i]);
    balancer_free(balancer);
}

/* --- explain ------------------------------------------------------------------------- */

Test(least_request, compared_is_the_other_of_the_two_drawn, .init = setup)
{
    struct balancer *balancer = fleet_balancer(BALANCE_LEAST_REQUEST, "a:1 b:1");
    for (int i = 0; i < 50; i++) {
        const struct balancer_peer *next = balancer_peek(balancer, &any_request, 0);
        const struct balancer_peer *other = balancer_compared(balancer, &any_request, next);
        cr_assert_not_null(other);
        cr_expect_neq(other, next);
        balancer_release(balancer_pick(balancer, &any_request, 0));
    }
    fleet_set(balancer, "a:1");
    cr_expect_null(balancer_compared(balancer, &any_request, balancer_peek(balancer, &any_request, 0)));
    balancer_free(balancer);
}
