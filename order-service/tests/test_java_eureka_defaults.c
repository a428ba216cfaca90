/* A real Eureka with the settings that it has by itself: a change shows up to 30 s late (the response cache), and a
 * dead instance stays listed (self-preservation), so that only the caller's own ejection leaves it out. */
#include "eureka_operator.h"

TestSuite(java_eureka_defaults, .timeout = 900);

enum {
    CACHE_MS = 30000,      /* the server's response-cache-update-interval-ms */
    POLL_MS = 1200,        /* half of DISCOVERY_CACHE_TTL=2s, and 20 % */
    LEASE_MS = 4000,       /* with CHECK_INTERVAL=1s: twice a duration of 2 s, as it has no fraction */
    SHOWN_MS = CACHE_MS + POLL_MS + SLACK_MS,
};

#define ENTRY_OF_1 "USER-SERVICE/user-service-1"

/* Eureka expects a heartbeat every 30 s, and compares the number in a minute with that. Here there is one each second,
 * so that the lease expires soon, and it has to know. */
static void open_with_defaults(void)
{
    open_world();
    start_eureka((const char *[]){"--eureka.server.expected-client-renewal-interval-seconds=1", NULL});
    use_eureka("CHECK_INTERVAL=1s");
}

/* The server keeps the answer "404" as long as any other. */
static void find_late(void)
{
    start_orders();
    await_reply(&orders, "/discovery", 200, "\"source\":\"eureka\"");
    for (int i = 0; i < USERS; i++)
        start_user(i);
    await_shown(ENTRY_OF_1, "\"status\":\"UP\"", "registered, and UP");
    await(all_are_usable, NULL, SHOWN_MS, "order-service finds them");
}

static void obey_late(void)
{
    set_out_of_service(0, true);
    await(is_in_maintenance, &(int){0}, SHOWN_MS, "OUT_OF_SERVICE: in maintenance");
    expect_not_called(0);
    set_out_of_service(0, false);
    await(user_is_usable, &(int){0}, SHOWN_MS, "the override is deleted: usable");
}

static bool is_ejected(void *arg)
{
    struct view view;
    view_take(&orders, "user-service", &view);
    const struct seen *seen = view_find(&view, user_id(*(int *)arg));
    return seen && strcmp(seen->status, "passing") == 0 && seen->ejected;
}

static void keep_the_dead(void)
{
    proc_stop(&users[0].proc, SIGKILL, 5000);
    await(is_ejected, &(int){0}, PATIENCE_MS, "killed: ejected");
    wait_until(is_past, &(int64_t){deadline_in(3 * LEASE_MS)}, 4 * LEASE_MS);
    expect_shown(ENTRY_OF_1, "\"status\":\"UP\"");
    cr_expect(is_ejected(&(int){0}), "its lease has expired, and it is still listed");
    expect_not_called(0);
    start_user(0);
    await(user_is_usable, &(int){0}, PATIENCE_MS, "started again: usable when its ejection ends");
}

Test(java_eureka_defaults, late_changes_and_dead_instances_fail_no_call)
{
    open_with_defaults();
    find_late();
    struct load *load = load_orders(2, 25);
    obey_late();
    keep_the_dead();
    stop_load(load, "maintenance, and one dead");
    close_eureka_scene();
}
