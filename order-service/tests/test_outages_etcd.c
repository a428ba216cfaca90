/* Faults of the second registry: etcd stops, hangs, loses its data and compacts, with
 * and without Consul. No call fails, and the registries are used again without a restart. */
#include "etcd_scene.h"
#include "scene_requests.h"

TestSuite(outages_etcd, .timeout = 300);

enum {
    TTL_MS = 10000,
    LEASE_MS = 6000, /* docs/reference.md: three times CHECK_INTERVAL */
    SLACK_MS = 20000, /* for backoff, retries and a busy machine */
    /* docs/reference.md: in use again after a fault ends; the second: after a hang. */
    BACK_AFTER_STOP_MS = 10000 + SLACK_MS,
    BACK_AFTER_HANG_MS = 15000 + SLACK_MS,
};

static int all_services = USERS + 1;

/* The programs' own RECONCILE_INTERVAL, which also caps the backoff. */
static void open_like_defaults(void)
{
    user_settings[1] = order_settings[1] = "RECONCILE_INTERVAL=5s";
    user_settings[2] = order_settings[2] = "REGISTER_JITTER=5s";
    user_settings[3] = order_settings[3] = "CHECK_INTERVAL=2s";
    open_etcd_scene();
    await(etcd_has, &all_services, PATIENCE_MS, "all services are registered in etcd");
}

/* --- What order-service knows ------------------------------------------------------------ */

/* The fewest instances in any view of order-service so far. */
static int fewest = USERS;

static void read_view(struct view *view)
{
    view_take(&orders, "user-service", view);
    if (!view->known || view->count < fewest)
        fewest = view->known ? view->count : 0;
}

static bool source_becomes(void *arg)
{
    struct view view;
    read_view(&view);
    return strcmp(view.source, arg) == 0;
}

static bool etcd_is_reported_failing(void *arg)
{
    (void)arg;
    return replies(&orders, "/health", 200, "failing: etcd: ");
}

/* All are usable for longer than a lease lasts. A shorter time proves nothing: an instance that does not renew its
 * lease is still listed until the lease expires. */
static bool all_stay_usable(void *arg)
{
    int64_t *since = arg;
    struct view view;
    read_view(&view);
    if (!etcd_has(&all_services) || view.usable != USERS)
        *since = 0;
    else if (*since == 0)
        *since = clock_ms();
    return *since > 0 && clock_ms() - *since > LEASE_MS + 2000;
}

static void await_all(const char *what)
{
    int64_t began = clock_ms(), since = 0;
    bool so = wait_until(all_stay_usable, &since, PATIENCE_MS);
    cr_expect(so, "%s: not within %d ms", what, PATIENCE_MS);
    cr_expect_eq(fewest, USERS, "the list shrank to %d", fewest);
    REPORT("%s: all are in etcd and stay passing: %lld ms", what, (long long)(since - began));
}

static bool is_past(void *arg)
{
    struct view view;
    read_view(&view);
    return clock_ms() > *(int64_t *)arg;
}

/* Lets an outage last for a while, and reads the view meanwhile. */
static void let_pass(int64_t ms)
{
    wait_until(is_past, &(int64_t){deadline_in(ms)}, 2 * ms);
}

static void stop_consul(void)
{
    server_stop(&world.consul);
    await(source_becomes, "etcd", TTL_MS + SLACK_MS, "Consul stopped: when its list has expired, etcd's is used");
    expect_source("etcd");
}

static void start_consul(void)
{
    start_server(&world.consul);
    await(source_becomes, "consul", BACK_AFTER_STOP_MS, "Consul, started again, is the source");
    expect_source("consul");
}

/* --- While Consul runs ---------------------------------------------------------------------- */

Test(outages_etcd, etcd_outage_fails_no_call_while_consul_is_up,
     .init = open_like_defaults)
{
    struct load *load = load_orders(4, 50);
    server_stop(&etcd);
    await(etcd_is_reported_failing, NULL, PATIENCE_MS, "etcd stopped: /health reports it");
    let_pass(2 * LEASE_MS);
    expect_source("consul");
    start_server(&etcd);
    await_all("etcd, started again");

    server_pause(&etcd);
    await(etcd_is_reported_failing, NULL, PATIENCE_MS, "etcd hangs: /health reports it");
    let_pass(2 * LEASE_MS);
    expect_source("consul");
    server_resume(&etcd);
    await_all("etcd, resumed");
    expect_source("consul");
    stop_load(load, "etcd stopped, then hung, Consul running");
    close_etcd_scene();
}

/* --- While Consul is stopped --------------------------------------------------------------- */

Test(outages_etcd, hung_etcd_leaves_stale_list_and_is_used_again,
     .init = open_like_defaults)
{
    struct load *load = load_orders(4, 50);
    stop_consul();
    server_pause(&etcd);
    await(source_becomes, "cache", TTL_MS + SLACK_MS, "etcd hangs as well: when its list has expired, it is stale");
    expect_source("cache");

    server_resume(&etcd); /* all leases have expired */
    await(source_becomes, "etcd", BACK_AFTER_HANG_MS, "etcd, resumed, is the source");
    await_all("etcd, resumed, without Consul");
    start_consul();
    stop_load(load, "Consul stopped, etcd hung");
    close_etcd_scene();
}

Test(outages_etcd, etcd_data_loss_empties_no_list, .init = open_like_defaults)
{
    struct load *load = load_orders(4, 50);
    stop_consul();
    server_kill(&etcd);
    lose_data_of_etcd();
    start_server(&etcd); /* its revisions begin again at 1, below the revision that the watch has reached */
    await(source_becomes, "etcd", BACK_AFTER_STOP_MS, "etcd, started again without its data, is the source");
    await_all("etcd without its data");
    start_consul();
    stop_load(load, "Consul stopped, etcd's data lost");
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
    cr_expect(etcd_replies("/v3/kv/compaction", body, "header"), "%s", body);
}

/* order-service is paused, like a sleeping laptop or a paused virtual machine. Its watch breaks, and etcd compacts
 * the revision that the watch had reached. */
Test(outages_etcd, paused_caller_gets_new_list_after_compaction, .init = open_like_defaults)
{
    stop_consul();
    proc_pause(&orders.proc);
    proc_stop(&users[0].proc, SIGKILL, 5000);
    await(etcd_has, &(int){USERS - 1}, PATIENCE_MS,
          "an instance killed, order-service paused: both are removed from etcd");
    compact();
    server_kill(&etcd);
    start_server(&etcd);

    proc_resume(&orders.proc);
    await(user_is_avoided, &(int){0}, BACK_AFTER_STOP_MS, "order-service resumed: it avoids the killed instance");
    await(source_becomes, "etcd", BACK_AFTER_STOP_MS, "etcd is the source");
    start_user(0);
    await(user_is_usable, &(int){0}, PATIENCE_MS, "started again: found, after the compaction");
    start_consul();
    close_etcd_scene();
}

/* --- All sources ----------------------------------------------------------------------------------- */

static void open_with_all_sources(void)
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
    await(etcd_has, &all_services, PATIENCE_MS, "all services are registered in etcd");
}

static int64_t age_now(void)
{
    struct view view;
    read_view(&view);
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
    REPORT("X-Discovery-Source: %s, the list is %lld ms old", source, (long long)age_ms);
}

static void restart_orders(void)
{
    cr_expect_eq(service_stop(&orders), 0);
    start_orders();
}

Test(outages_etcd, sources_fall_back_in_order_and_consul_returns, .init = open_with_all_sources)
{
    struct load *load = load_orders(4, 50);
    expect_tier("consul", 0, TTL_MS);
    stop_consul();
    expect_tier("etcd", 0, TTL_MS);
    server_stop(&etcd);
    await(source_becomes, "cache", TTL_MS + SLACK_MS, "etcd stopped as well: when its list has expired, it is stale");
    await(is_older_than, &(int64_t){TTL_MS + SLACK_MS}, PATIENCE_MS, "its age grows");
    expect_tier("cache", TTL_MS, 10 * TTL_MS);
    cr_expect(replies(&orders, "/health", 200, "; failing: consul: GET"), "/health reports both");
    cr_expect(replies(&orders, "/health", 200, "; etcd: POST"), "/health reports both");
    stop_load(load, "Consul stopped, then etcd");

    int64_t age_ms = age_now();
    restart_orders(); /* it has only the list on disk, and the age of that list continues to grow */
    await(source_becomes, "disk", PATIENCE_MS, "order-service restarted without both: it reads the snapshot");
    expect_tier("disk", age_ms, 10 * TTL_MS);
    order_settings[5] = "DISCOVERY_SNAPSHOT_DIR=";
    restart_orders();
    await(source_becomes, "static", PATIENCE_MS, "restarted without snapshots: the static list");
    expect_tier("static", 0, 0);

    load = load_orders(4, 50);
    start_consul(); /* it is empty: the static instances are called until they have registered */
    start_server(&etcd);
    fewest = USERS; /* a list that is not empty is used, so it may begin with one instance */
    await_all("Consul and etcd started again");
    expect_tier("consul", 0, TTL_MS);
    stop_load(load, "from the static list back to Consul");
    close_etcd_scene();
}
