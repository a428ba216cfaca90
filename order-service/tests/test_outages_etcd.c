/* The second registry has its faults, too: etcd stops, hangs, forgets and compacts,
 * and then both are away. Callers notice nothing, and everything comes back by itself. */
#include "etcd_scene.h"

TestSuite(outages_etcd, .timeout = 300);

enum {
    TTL_MS = 10000,
    LEASE_MS = 6000, /* CONTRACT: three times CHECK_INTERVAL */
    SLACK_MS = 5000, /* for back-off, retries and a busy machine */
    /* CONTRACT: in use again after a fault ends; and after a hang. */
    BACK_AFTER_STOP_MS = 10000,
    BACK_AFTER_HANG_MS = 15000,
};

static int everybody = USERS + 1;

/* The programs' own RECONCILE_INTERVAL, which also caps the back-off. */
static void open_like_defaults(void)
{
    user_settings[1] = order_settings[1] = "RECONCILE_INTERVAL=5s";
    user_settings[2] = order_settings[2] = "REGISTER_JITTER=5s";
    user_settings[3] = order_settings[3] = "CHECK_INTERVAL=2s";
    open_etcd_scene();
    await(etcd_has, &everybody, PATIENCE_MS, "everybody is in etcd as well");
}

/* --- Sight ---------------------------------------------------------------------------- */

/* The fewest instances that order-service has shown in any look at it. */
static int fewest = USERS;

static void look(struct view *view)
{
    view_take(&orders, "user-service", view);
    if (!view->known || view->count < fewest)
        fewest = view->known ? view->count : 0;
}

static bool source_becomes(void *arg)
{
    struct view view;
    look(&view);
    return strcmp(view.source, arg) == 0;
}

static bool etcd_is_missed(void *arg)
{
    (void)arg;
    return replies(&orders, "/health", 200, "failing: etcd: ");
}

/* What is so now may be so because nobody has noticed yet: it must outlive the leases. */
static bool everybody_stays(void *arg)
{
    int64_t *since = arg;
    struct view view;
    look(&view);
    if (!etcd_has(&everybody) || view.usable != USERS)
        *since = 0;
    else if (*since == 0)
        *since = clock_ms();
    return *since > 0 && clock_ms() - *since > LEASE_MS + SLACK_MS;
}

static void await_everybody(const char *what)
{
    int64_t began = clock_ms(), since = 0;
    bool so = wait_until(everybody_stays, &since, PATIENCE_MS);
    cr_expect(so, "%s: not within %d ms", what, PATIENCE_MS);
    cr_expect_eq(fewest, USERS, "the list shrank to %d", fewest);
    REPORT("%s: everybody is in etcd and passing, to stay: %lld ms", what, (long long)(since - began));
}

static bool is_past(void *arg)
{
    struct view view;
    look(&view);
    return clock_ms() > *(int64_t *)arg;
}

/* An outage has to last for a while, to be one. */
static void let_pass(int64_t ms)
{
    wait_until(is_past, &(int64_t){deadline_in(ms)}, 2 * ms);
}

static void take_consul_away(void)
{
    server_stop(&world.consul);
    await(source_becomes, "etcd", TTL_MS + SLACK_MS, "Consul stopped; when its list is past the TTL, etcd's is used");
    expect_source("etcd");
}

static void bring_consul_back(void)
{
    start_server(&world.consul);
    await(source_becomes, "consul", BACK_AFTER_STOP_MS, "Consul, started again, is the source");
    expect_source("consul");
}

/* --- While Consul is there ---------------------------------------------------------------- */

Test(outages_etcd, with_consul_there_nobody_notices_that_etcd_stops_or_hangs_and_all_are_back_in_it,
     .init = open_like_defaults)
{
    struct load *load = load_orders(4, 50);
    server_stop(&etcd);
    await(etcd_is_missed, NULL, PATIENCE_MS, "etcd stopped: /health names it");
    let_pass(2 * LEASE_MS);
    expect_source("consul");
    start_server(&etcd);
    await_everybody("etcd, started again");

    server_pause(&etcd);
    await(etcd_is_missed, NULL, PATIENCE_MS, "etcd hangs: /health names it");
    let_pass(2 * LEASE_MS);
    expect_source("consul");
    server_resume(&etcd);
    await_everybody("etcd, no longer hung");
    expect_source("consul");
    stop_load(load, "etcd stopped, then hung, and Consul there");
    close_etcd_scene();
}

/* --- While Consul is away ------------------------------------------------------------------ */

Test(outages_etcd, without_consul_an_etcd_that_hangs_leaves_the_stale_list_and_is_used_again_within_15_s,
     .init = open_like_defaults)
{
    struct load *load = load_orders(4, 50);
    take_consul_away();
    server_pause(&etcd);
    await(source_becomes, "cache", TTL_MS + SLACK_MS, "etcd hangs, too; when its list is past the TTL, it is stale");
    expect_source("cache");

    server_resume(&etcd); /* with leases that have all run out */
    await(source_becomes, "etcd", BACK_AFTER_HANG_MS, "etcd, no longer hung, is the source");
    await_everybody("etcd, no longer hung, without Consul");
    bring_consul_back();
    stop_load(load, "Consul away, and etcd hung");
    close_etcd_scene();
}

Test(outages_etcd, without_consul_an_etcd_that_lost_its_data_empties_nobodys_list, .init = open_like_defaults)
{
    struct load *load = load_orders(4, 50);
    take_consul_away();
    server_kill(&etcd);
    lose_data_of_etcd();
    start_server(&etcd); /* its revisions begin again at 1, below all that a watch has seen */
    await(source_becomes, "etcd", BACK_AFTER_STOP_MS, "etcd, started again without its data, is the source");
    await_everybody("etcd without its data");
    bring_consul_back();
    stop_load(load, "Consul away, and etcd's data lost");
    close_etcd_scene();
}

/* --- Compaction ------------------------------------------------------------------------------- */


static void compact(void)
{
    char output[PLACE_PATH_MAX], url[160], body[96];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s/v3/kv/range", etcd.url);
    cr_expect_eq(probe_send(NULL, &(struct probe_request){.url = url, .body = "{\"key\":\"AA==\"}"}, &reply, &err), 0);
    snprintf(output, sizeof output, "%s", buf_text(&reply.body));
    probe_reply_close(&reply);
    const char *revision = strstr(output, "\"revision\":\"");
    cr_assert(revision, "%s", output);
    snprintf(body, sizeof body, "{\"revision\":%lld,\"physical\":true}", atoll(revision + strlen("\"revision\":\"")));
    cr_expect(etcd_says("/v3/kv/compaction", body, "header"), "%s", body);
}

/* Asleep as a laptop or a paused virtual machine is: the watch breaks, and what it stood at is compacted away. */
Test(outages_etcd, a_caller_that_slept_through_a_compaction_has_the_list_of_now_at_once, .init = open_like_defaults)
{
    take_consul_away();
    proc_pause(&orders.proc);
    proc_stop(&users[0].proc, SIGKILL, 5000);
    await(etcd_has, &(int){USERS - 1}, PATIENCE_MS, "one killed, order-service asleep: both are gone from etcd");
    compact();
    server_kill(&etcd);
    start_server(&etcd);

    proc_resume(&orders.proc);
    await(user_is_avoided, &(int){0}, BACK_AFTER_STOP_MS, "order-service wakes up: it knows who is gone");
    await(source_becomes, "etcd", BACK_AFTER_STOP_MS, "and etcd is the source");
    start_user(0);
    await(user_is_usable, &(int){0}, PATIENCE_MS, "started again: found, after the compaction");
    bring_consul_back();
    close_etcd_scene();
}

/* --- All the way down ---------------------------------------------------------------------------- */

static void open_with_last_resorts(void)
{
    static char fixed[160], snapshots[PLACE_PATH_MAX + 64];
    open_like_defaults();
    snprintf(snapshots, sizeof snapshots, "DISCOVERY_SNAPSHOT_DIR=%s/snapshots", world.folder.path);
    snprintf(fixed, sizeof fixed, "STATIC_INSTANCES=user-service=127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d",
             user_ports[0].number, user_ports[1].number, user_ports[2].number);
    order_settings[4] = fixed;
    order_settings[5] = snapshots;
    cr_expect_eq(service_stop(&orders), 0);
    start_orders();
    await(source_becomes, "consul", PATIENCE_MS, "order-service, with a static list and a folder for snapshots");
    await(etcd_has, &everybody, PATIENCE_MS, "everybody is in etcd");
}

static int64_t age_now(void)
{
    struct view view;
    look(&view);
    return view.age_ms;
}

static bool is_older_than(void *arg)
{
    return age_now() > *(int64_t *)arg;
}

static void expect_tier(const char *source, int64_t least_age_ms, int64_t most_age_ms)
{
    int64_t age_ms = age_now();
    char metric[96];
    expect_source(source);
    cr_expect(age_ms >= least_age_ms && age_ms <= most_age_ms, "%s: %lld ms old", source, (long long)age_ms);
    snprintf(metric, sizeof metric, "discovery_tier{service=\"user-service\",source=\"%s\"} 1", source);
    cr_expect(replies(&orders, "/metrics", 200, metric), "%s", metric);
    REPORT("X-Discovery-Source: %s, a list of %lld ms ago", source, (long long)age_ms);
}

static void restart_orders(void)
{
    cr_expect_eq(service_stop(&orders), 0);
    start_orders();
}

Test(outages_etcd, consul_then_etcd_then_cache_then_disk_then_static_then_consul_again, .init = open_with_last_resorts)
{
    struct load *load = load_orders(4, 50);
    expect_tier("consul", 0, TTL_MS);
    take_consul_away();
    expect_tier("etcd", 0, TTL_MS);
    server_stop(&etcd);
    await(source_becomes, "cache", TTL_MS + SLACK_MS, "etcd stopped, too; when its list is past the TTL, it is stale");
    await(is_older_than, &(int64_t){TTL_MS + SLACK_MS}, PATIENCE_MS, "its age grows");
    expect_tier("cache", TTL_MS, 10 * TTL_MS);
    cr_expect(replies(&orders, "/health", 200, "; failing: consul: GET"), "both are named");
    cr_expect(replies(&orders, "/health", 200, "; etcd: POST"), "both are named");
    stop_load(load, "Consul away, then etcd");

    int64_t age_ms = age_now();
    restart_orders(); /* knows nothing but what is on disk, which does not get younger by it */
    await(source_becomes, "disk", PATIENCE_MS, "order-service restarted, with both away: it reads the snapshot");
    expect_tier("disk", age_ms, 10 * TTL_MS);
    order_settings[5] = "DISCOVERY_SNAPSHOT_DIR=";
    restart_orders();
    await(source_becomes, "static", PATIENCE_MS, "restarted without snapshots: the static list");
    expect_tier("static", 0, 0);

    load = load_orders(4, 50);
    bring_consul_back(); /* empty; the static ones are called on until they have registered */
    start_server(&etcd);
    fewest = USERS; /* what is not empty is believed: the list may grow from one */
    await_everybody("Consul and etcd are back");
    expect_tier("consul", 0, TTL_MS);
    stop_load(load, "from the static list back to Consul");
    close_etcd_scene();
}
