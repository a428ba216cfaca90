/* Which side of a canary release gets a call: stable or canary. */
#include "balance/sides.h"
#include "balance/tests/fleet.h"

TestSuite(sides, .timeout = 300);

static struct sides sides;

static void set(const char *text)
{
    struct instance_list *list = fleet_new(text);
    cr_assert_eq(sides_update(&sides, list, NULL, 0), 0);
    instance_list_unref(list);
}

static void open_sides(enum balance_policy policy, const char *canary, const char *list)
{
    const struct balancer_config config = {.policy = policy, .caller = "", .zone = ""};
    struct route route = {.version = ""};
    cr_assert_eq(canary_parse(canary, &route.canary), 0);
    cr_assert_eq(sides_init(&sides, &config, &route), 0);
    set(list);
}

static void close_sides(void)
{
    sides_close(&sides);
}

/* The first user of each side, at a share of 50 %. */
static const char *user_of(enum route_side side)
{
    static char key[16];
    int user = 0;
    do
        snprintf(key, sizeof key, "%d", ++user);
    while (route_side_for(&sides.route, key) != side);
    return key;
}

/* The ids of the attempts of one call, "-" at the end if no instance is left. */
static const char *attempts(const char *key, size_t count)
{
    static char line[64];
    struct balancer_peer *tried[BALANCE_TRIED_MAX];
    struct balance_request request = {.key = key, .tried = tried};
    line[0] = '\0';
    while (request.tried_count < count) {
        const struct balancer_peer *peeked = sides_peek(&sides, &request, 0);
        struct balancer_peer *picked = sides_pick(&sides, &request, 0);
        cr_expect_eq(peeked, picked);
        strcat(line, picked ? picked->instance->id : "-");
        if (!picked)
            break;
        tried[request.tried_count++] = picked;
    }
    for (size_t i = 0; i < request.tried_count; i++)
        balancer_release(tried[i]);
    return line;
}

static void expect_firsts(const char *of_stable, const char *of_canary)
{
    cr_expect_str_eq(attempts(user_of(ROUTE_STABLE), 1), of_stable);
    cr_expect_str_eq(attempts(user_of(ROUTE_CANARY), 1), of_canary);
}

static const struct balancer_peer *find(const char *id)
{
    for (size_t i = 0; i < sides_count(&sides); i++)
        if (strcmp(sides_at(&sides, i)->instance->id, id) == 0)
            return sides_at(&sides, i);
    cr_assert_fail("%s", id);
    return NULL;
}

static void expect_reason(const char *id, const char *key, const char *reason)
{
    char text[200] = "can be picked";
    struct obstacle why = sides_why_not(&sides, find(id), key, 0);
    if (why.kind != OBSTACLE_NONE)
        obstacle_text(why, find(id)->instance, "", &sides.route, text, sizeof text);
    cr_expect_str_eq(text, reason, "%s: %s", id, text);
}

/* --- Each user on its side ------------------------------------------------------------------- */

Test(sides, user_calls_its_side, .fini = close_sides)
{
    open_sides(BALANCE_ROUND_ROBIN, "version=2:50%", "a:1=1 b:1=1 c:1=2 d:1=2");
    expect_firsts("a", "c");
    expect_firsts("b", "d");
    expect_firsts("a", "c");
    cr_expect_eq(sides.picks[ROUTE_STABLE], 3);
    cr_expect_eq(sides.picks[ROUTE_CANARY], 3);
    cr_expect_eq(find("a")->picks, 2);
    cr_expect_eq(find("d")->picks, 1);
    expect_reason("a", user_of(ROUTE_CANARY),
                  "it is not the canary (version=2:50%), and this key is in the canary's share");
    expect_reason("c", user_of(ROUTE_CANARY), "can be picked");
    expect_reason("c", user_of(ROUTE_STABLE),
                  "it is the canary (version=2:50%), and this key is not in the canary's share");
}

Test(sides, other_versions_are_never_picked, .fini = close_sides)
{
    const struct balancer_config config = {.policy = BALANCE_ROUND_ROBIN, .caller = "", .zone = ""};
    const struct route route = {.version = "2", .canary = {.by = CANARY_BY_VERSION, .value = "3", .percent = 50}};
    cr_assert_eq(sides_init(&sides, &config, &route), 0);
    set("a:1=1 b:1=2/critical c:1=3");
    expect_firsts("b", "b");
    expect_reason("a", "1", "version is 1, and USER_SERVICE_VERSION is 2");
    expect_reason("c", "1", "version is 3, and USER_SERVICE_VERSION is 2");
    set("a:1=1 c:1=3");
    expect_firsts("-", "-");
}

Test(sides, without_a_canary_all_are_called, .fini = close_sides)
{
    open_sides(BALANCE_ROUND_ROBIN, "", "a:1=1 b:1=2");
    cr_expect_str_eq(attempts("1", 3), "ab-");
}

/* A share changes nothing about instances: the turns of both sides go on. */
Test(sides, share_and_canary_change_while_running, .fini = close_sides)
{
    struct canary canary;
    open_sides(BALANCE_ROUND_ROBIN, "", "a:1=1 b:1=2 c:1=3");
    cr_assert_eq(canary_parse("version=2:100%", &canary), 0);
    cr_assert_eq(sides_set_canary(&sides, &canary, 0), 0);
    set("a:1=1 b:1=2 c:1=3");
    cr_expect_str_eq(attempts("1", 1), "b");
    canary.percent = 0;
    cr_assert_eq(sides_set_canary(&sides, &canary, 0), 0);
    cr_expect_str_eq(attempts("1", 2), "ac");
    cr_assert_eq(canary_parse("version=3:100%", &canary), 0);
    cr_assert_eq(sides_set_canary(&sides, &canary, 0), 0);
    cr_expect_str_eq(attempts("1", 1), "c");
}

/* All have served, each on its side. */
Test(sides, end_of_a_canary_begins_no_slow_start, .fini = close_sides)
{
    const struct balancer_config config = {.policy = BALANCE_ROUND_ROBIN, .caller = "", .zone = "", .slow_start_ms = 10000};
    struct route route = {.version = ""};
    cr_assert_eq(canary_parse("version=2:100%", &route.canary), 0);
    cr_assert_eq(sides_init(&sides, &config, &route), 0);
    set("a:1=1 b:1=1 c:1=2");
    cr_assert_eq(sides_set_canary(&sides, &(struct canary){.by = CANARY_NONE}, 0), 0);
    for (int call = 0; call < 4; call++)
        cr_expect_str_eq(attempts("1", 1), call % 3 == 0 ? "a" : call % 3 == 1 ? "b" : "c", "call %d", call);
}

static size_t position(const char *id)
{
    size_t i = 0;
    while (sides_at(&sides, i) != find(id))
        i++;
    return i;
}

/* As a counter of metrics, it must not go back. */
Test(sides, picks_and_calls_stay_when_the_side_changes, .fini = close_sides)
{
    struct canary canary;
    open_sides(BALANCE_ROUND_ROBIN, "", "a:1=1 b:1=2");
    cr_expect_str_eq(attempts("1", 2), "ab");
    struct balancer_peer *held = sides_pick(&sides, &(struct balance_request){.key = "1"}, 0);
    cr_assert_eq(canary_parse("version=1:100%", &canary), 0);
    cr_assert_eq(sides_set_canary(&sides, &canary, 0), 0);
    set("a:1=1 b:1=2");
    cr_expect_eq(sides_picks(&sides, position("a")), 2);
    cr_expect_eq(sides_calls(&sides, position("a")), 1);
    cr_expect_str_eq(attempts("1", 1), "a");
    cr_assert_eq(sides_set_canary(&sides, &(struct canary){.by = CANARY_NONE}, 0), 0);
    cr_expect_eq(sides_picks(&sides, position("a")), 3);
    balancer_release(held);
    cr_expect_eq(sides_calls(&sides, position("a")), 0);
}

/* Half of the calls of each side stay in the zone (zones.h). With the same hash for the zones and for the sides it
 * would be all calls of the canary. */
Test(sides, users_of_the_canary_spread_over_the_zones, .fini = close_sides)
{
    const struct balancer_config config = {.policy = BALANCE_CONSISTENT_HASH, .caller = "", .zone = "z1"};
    const struct route route = {.canary = {.by = CANARY_BY_VERSION, .value = "2", .percent = 10}};
    cr_assert_eq(sides_init(&sides, &config, &route), 0);
    set("a:1=1 b:1=2@z1 c:1=2@z2 d:1=2@z2 e:1=2@z2");
    for (int user = 1; user <= 3000; user++) {
        char key[16];
        snprintf(key, sizeof key, "%d", user);
        attempts(key, 1);
    }
    cr_expect(find("b")->picks > 100 && find("b")->picks < 200, "%lu of 300", (unsigned long)find("b")->picks);
}

/* --- The other side --------------------------------------------------------------------------- */

/* What is in doubt is the canary. */
Test(sides, retry_of_the_canary_goes_to_the_stable_side, .fini = close_sides)
{
    open_sides(BALANCE_ROUND_ROBIN, "version=2:50%", "a:1=1 b:1=1 c:1=2 d:1=2");
    cr_expect_str_eq(attempts(user_of(ROUTE_CANARY), 5), "cabd-");
    cr_expect_str_eq(attempts(user_of(ROUTE_STABLE), 5), "abcd-");
}

Test(sides, user_falls_back_where_its_side_is_not_there, .fini = close_sides)
{
    open_sides(BALANCE_ROUND_ROBIN, "version=2:50%", "a:1=1 b:1=1");
    expect_firsts("a", "b");
    set("a:1=1 c:1=2/maintenance");
    expect_firsts("a", "a");
    set("a:1=1/maintenance c:1=2");
    expect_firsts("c", "c");
    set("c:1=2");
    expect_firsts("c", "c");
    set("c:1=2/maintenance");
    expect_firsts("-", "-");
}

Test(sides, user_falls_back_while_its_side_is_critical, .fini = close_sides)
{
    open_sides(BALANCE_ROUND_ROBIN, "version=2:50%", "a:1=1 c:1=2/critical");
    expect_firsts("a", "a");
    cr_expect_not(sides_in_panic(&sides));
    expect_reason("c", user_of(ROUTE_CANARY), "critical");
    set("a:1=1/critical c:1=2");
    expect_firsts("c", "c");
    cr_expect_not(sides_in_panic(&sides));
    set("a:1=1/critical c:1=2/node_down");
    expect_firsts("a", "a");
}

static void report(const char *ids, bool success, int64_t now_ms)
{
    for (; *ids; ids++) {
        struct balancer_peer *peer = (struct balancer_peer *)find((char[]){*ids, '\0'});
        balancer_report(sides_balancer_of(&sides, peer), peer, success, now_ms);
    }
}

/* The canary of one instance, which is never ejected. */
Test(sides, user_leaves_a_side_that_fails_but_for_tests, .fini = close_sides)
{
    open_sides(BALANCE_ROUND_ROBIN, "version=2:50%", "a:1=1 c:1=2");
    report("cccc", false, 0);
    expect_firsts("a", "c");
    report("c", false, 0);
    expect_firsts("a", "c"); /* the first test */
    expect_firsts("a", "a");
    expect_reason("c", user_of(ROUTE_CANARY), "all instances of its side are failing: one call a second tests them");
    sides.test_ms = 0; /* a second later */
    expect_firsts("a", "c");
    report("c", true, 0);
    expect_firsts("a", "c");
    expect_firsts("a", "c");
    report("aaaaaccccc", false, 0);
    sides.test_ms = 1000;
    expect_firsts("a", "c"); /* both fail */
}

/* The test, too, has its retries where they can succeed. */
Test(sides, retry_leaves_a_side_that_fails, .fini = close_sides)
{
    open_sides(BALANCE_ROUND_ROBIN, "version=2:50%", "a:1=1 c:1=2 d:1=2");
    report("aaaaa", false, 0);
    cr_expect_str_eq(attempts(user_of(ROUTE_STABLE), 2), "ac"); /* the test */
    cr_expect_str_eq(attempts(user_of(ROUTE_STABLE), 3), "dca");
    cr_expect_str_eq(attempts(user_of(ROUTE_CANARY), 3), "dca");
}

/* Its users have left because it is critical, so no call tests it. */
Test(sides, reason_of_a_critical_side_that_fails_is_critical, .fini = close_sides)
{
    open_sides(BALANCE_ROUND_ROBIN, "version=2:50%", "a:1=1 c:1=2/critical");
    report("ccccc", false, 0);
    expect_firsts("a", "a");
    expect_reason("c", user_of(ROUTE_CANARY), "critical");
}

Test(sides, fail_open_stays_within_the_side, .fini = close_sides)
{
    open_sides(BALANCE_ROUND_ROBIN, "version=2:50%", "a:1=1/critical c:1=2/critical");
    expect_firsts("a", "c");
    cr_expect(sides_in_panic(&sides));
    set("a:1=1 c:1=2/critical d:1=2");
    expect_firsts("a", "d");
    cr_expect_not(sides_in_panic(&sides));
}

/* Half of the canary's two, not half of all six. */
Test(sides, at_most_half_of_a_side_is_ejected, .fini = close_sides)
{
    open_sides(BALANCE_ROUND_ROBIN, "version=2:50%", "a:1=1 b:1=1 c:1=1 d:1=1 e:1=2 f:1=2");
    report("efefefefef", false, 0);
    cr_expect_eq(sides_sum(&sides, balancer_ejections), 1);
    cr_expect(outlier_is_ejected(&find("e")->outlier));
    expect_firsts("a", "f");
    sides_settle(&sides, 30000);
    cr_expect(find("e")->outlier.on_probation);
}

Test(sides, peer_that_comes_back_is_followed_on_its_side, .fini = close_sides)
{
    open_sides(BALANCE_ROUND_ROBIN, "version=2:50%", "a:1=1 c:1=2");
    const struct balance_request request = {.key = user_of(ROUTE_CANARY)};
    struct balancer_peer *peer = sides_pick(&sides, &request, 0);
    set("a:1=1");
    set("a:1=1 c:1=2");
    peer = balancer_follow(sides_balancer_of(&sides, peer), peer);
    cr_expect_eq(peer, find("c"));
    balancer_release(peer);
}
