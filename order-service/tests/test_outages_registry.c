/* Consul stops, hangs or loses its state while order-service is called: no call fails. */
#include "scene.h"
#include "scene_requests.h"

TestSuite(outages_registry, .timeout = 300);

enum {
    AGE_MS = 14000,             /* TTL 10 s, and long enough for the backoff to reach its cap */
    BUSY_MS = 20000, /* what a busy machine may take longer */
    BACK_AFTER_STOP_MS = 10000 + BUSY_MS, /* docs/reference.md: in use again after a fault ends; the next one: after a hang */
    BACK_AFTER_HANG_MS = 15000 + BUSY_MS,
    JITTER_MS = 5000,
    RECONCILE_MS = 5000,
};

/* The programs' own RECONCILE_INTERVAL, which also caps the backoff. */
static void open_like_defaults(void)
{
    user_settings[0] = order_settings[0] = "RECONCILE_INTERVAL=5s";
    user_settings[1] = order_settings[1] = "REGISTER_JITTER=5s";
    open_scene();
}

/* --- What order-service knows ------------------------------------------------------------ */

/* The fewest instances in any view of order-service so far. After Consul returns empty,
 * there may be fewer than all: a list that lacks at most half of the instances is used,
 * and the first such list may have only two of three. */
static int fewest = USERS;
enum { FEWEST_MIN = USERS - USERS / 2 };

static void read_view(struct view *view)
{
    view_take(&orders, "user-service", view);
    if (!view->known || view->count < fewest)
        fewest = view->known ? view->count : 0;
}

static bool source_is(void *arg)
{
    struct view view;
    read_view(&view);
    return strcmp(view.source, arg) == 0;
}

static bool is_older_than(void *arg)
{
    struct view view;
    read_view(&view);
    return view.age_ms > *(int64_t *)arg;
}

static bool all_are_back(void *arg)
{
    struct view view;
    read_view(&view);
    return consul_has_all(arg) && view.usable == USERS;
}

static bool is_past(void *arg)
{
    return deadline_left(*(int64_t *)arg) == 0;
}

static void expect_source(const char *source)
{
    struct called called;
    view_call(NULL, &orders, 7, &called);
    cr_expect_eq(called.status, 200);
    cr_expect_str_eq(called.source, source);
}

static void await_stale_list(void)
{
    expect_source("consul");
    await(source_is, "cache", PATIENCE_MS, "the list is stale");
    expect_source("cache");
    await(is_older_than, &(int64_t){AGE_MS}, PATIENCE_MS, "its age grows");
}

/* --- The tests -------------------------------------------------------------------------- */

Test(outages_registry, consul_outage_fails_no_call_and_ends_within_10_s,
     .init = open_like_defaults, .fini = close_scene)
{
    struct load *load = load_orders(4, 50);
    server_stop(&world.consul);
    await_stale_list();

    start_server(&world.consul);
    await(source_is, "consul", BACK_AFTER_STOP_MS, "Consul, started again, is the source");
    await(all_are_back, NULL, PATIENCE_MS, "all are registered and passing");
    expect_source("consul");
    cr_expect_geq(fewest, FEWEST_MIN, "the list shrank to %d", fewest);
    stop_load(load, "Consul stopped for longer than the TTL");
}

Test(outages_registry, empty_consul_is_registered_again_and_list_stays,
     .init = open_like_defaults, .fini = close_scene)
{
    enum { CHECK_MS = 1000, SLACK_MS = 5000 + BUSY_MS }; /* slack: for backoff and retries */
    struct load *load = load_orders(4, 50);
    server_kill(&world.consul);
    start_server(&world.consul);
    cr_expect_lt(consul_count(&world.consul, "user-service", false), USERS, "Consul has no registration");
    await(all_are_back, NULL, RECONCILE_MS * 6 / 5 + JITTER_MS + CHECK_MS + SLACK_MS,
          "state lost: all are registered and passing");
    cr_expect_geq(fewest, FEWEST_MIN, "the list shrank to %d", fewest);
    stop_load(load, "Consul's state lost");
}

/* An agent as in production: it saves its state on disk. */
static void open_with_state(void)
{
    static char data[PLACE_PATH_MAX + 32];
    user_settings[0] = order_settings[0] = "RECONCILE_INTERVAL=5s";
    open_world();
    server_stop(&world.consul);
    snprintf(data, sizeof data, "-data-dir=%s/data", world.consul.folder);
    memcpy(world.consul.options, (const char *[]){"-server", "-bootstrap-expect=1", data}, 3 * sizeof(char *));
    start_server(&world.consul);
    start_all();
}

static bool each_has_registered_once(void)
{
    bool once = replies(&orders, "/metrics", 200, "registrations_total{registry=\"consul\"} 1\n");
    for (int i = 0; i < USERS; i++)
        once = once && replies(&users[i], "/metrics", 200, "registrations_total{registry=\"consul\"} 1\n");
    return once;
}

Test(outages_registry, consul_restart_with_state_causes_no_registration,
     .init = open_with_state, .fini = close_scene)
{
    struct load *load = load_orders(4, 50);
    server_kill(&world.consul);
    await_stale_list();

    start_server(&world.consul);
    await(source_is, "consul", BACK_AFTER_STOP_MS, "Consul, started again with its state, is the source");
    await(all_are_back, NULL, PATIENCE_MS, "all are passing");
    int64_t reconciled = deadline_in(2 * RECONCILE_MS); /* each has checked its registration by then */
    wait_until(is_past, &reconciled, 3 * RECONCILE_MS);
    cr_expect(each_has_registered_once(), "each has registered only once");
    cr_expect_eq(fewest, USERS, "the list shrank to %d", fewest);
    stop_load(load, "Consul killed, and started again with its state");
}

Test(outages_registry, hung_consul_fails_no_call_and_is_used_within_15_s, .init = open_like_defaults,
     .fini = close_scene)
{
    struct load *load = load_orders(4, 50);
    server_pause(&world.consul);
    await_stale_list();

    server_resume(&world.consul);
    await(source_is, "consul", BACK_AFTER_HANG_MS, "Consul, resumed, is the source");
    await(all_are_back, NULL, PATIENCE_MS, "all are registered and passing");
    cr_expect_eq(fewest, USERS, "the list shrank to %d", fewest);
    stop_load(load, "Consul hung for longer than the TTL");
}

/* --- Instances that disappear from Consul but still run --------------------------------------- */

static void open_with_rare_reconciling(void)
{
    user_settings[0] = "RECONCILE_INTERVAL=10m"; /* they do not register again during the test */
    open_scene();
}

static void deregister_from_outside(int i)
{
    char url[256];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s/v1/agent/service/deregister/%s", world.consul.url, user_id(i));
    cr_expect_eq(probe_send(NULL, &(struct probe_request){.method = "PUT", .url = url}, &reply, &err), 0, "%s", err.text);
    cr_expect_eq(reply.status, 200);
    probe_reply_close(&reply);
}

static bool is_no_longer_listed(void *arg)
{
    struct view view;
    view_take(&orders, "user-service", &view);
    return view.known && !view_find(&view, user_id(*(int *)arg));
}

static bool all_are_missing(void *arg)
{
    struct view view;
    (void)arg;
    view_take(&orders, "user-service", &view);
    int missing = 0;
    for (int i = 0; i < view.count; i++)
        missing += strcmp(view.at[i].status, "missing") == 0;
    return missing == USERS;
}

static bool consul_is_empty(void *arg)
{
    (void)arg;
    return consul_count(&world.consul, "user-service", false) == 0;
}

/* For example, Consul's catalog is restored from an empty backup: all instances disappear at once, but still run. */
Test(outages_registry, vanished_instances_are_called_until_they_fail,
     .init = open_with_rare_reconciling, .fini = close_world)
{
    struct load *load = load_orders(4, 50);
    server_pause(&world.consul); /* so that the three disappear at once for order-service, not one by one */
    server_kill(&world.consul);
    start_server(&world.consul);
    cr_assert(wait_until(consul_is_empty, NULL, PATIENCE_MS));
    await(all_are_missing, NULL, PATIENCE_MS, "order-service marks all as missing");

    for (int i = 0; i < USERS - 1; i++) {
        proc_stop(&users[i].proc, SIGKILL, 5000);
        await(is_no_longer_listed, &i, PATIENCE_MS, "killed as well: removed from the list");
    }
    stop_load(load, "all disappeared from Consul, and one still runs");

    int last = USERS - 1;
    proc_stop(&users[last].proc, SIGKILL, 5000);
    await_reply(&orders, "/users/7", 503, "No healthy user-service instances");
    cr_expect(replies(&orders, "/users/7", 503, "Retry-After"));
    cr_expect_eq(service_stop(&orders), 0);
}

static bool one_is_missing(void *arg)
{
    struct view view;
    (void)arg;
    view_take(&orders, "user-service", &view);
    return view.count >= 1 && strcmp(view.at[0].status, "missing") == 0;
}

Test(outages_registry, deregistered_instance_is_dropped_but_not_the_last,
     .init = open_with_rare_reconciling, .fini = close_scene)
{
    struct load *load = load_orders(4, 50);
    deregister_from_outside(0);
    await(is_no_longer_listed, &(int){0}, PATIENCE_MS, "one of three deregistered from outside: removed from the list");
    deregister_from_outside(1);
    deregister_from_outside(2);
    await(one_is_missing, NULL, PATIENCE_MS,
          "all deregistered from outside: the last ones are missing, and stay listed");
    expect_source("consul");
    stop_load(load, "all deregistered from outside");
}
