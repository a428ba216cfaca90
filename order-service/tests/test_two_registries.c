/* Consul and etcd together, both real: each service registers in both, and a caller
 * needs only one of them. */
#include "etcd_scene.h"
#include "scene_requests.h"

TestSuite(two_registries, .timeout = 300);

static void open_two(void)
{
    order_settings[1] = "DISCOVERY_CACHE_TTL=2s"; /* Consul's list expires soon */
    open_etcd_scene();
}

Test(two_registries, etcd_takes_over_while_consul_is_down, .init = open_two)
{
    await(etcd_has, &(int){USERS + 1}, PATIENCE_MS, "all services are registered in etcd");
    expect_source("consul");
    await_reply(&orders, "/metrics", 200, "registration_registered{registry=\"etcd\"} 1");

    struct load *load = load_orders(4, 50);
    server_stop(&world.consul);
    await(source_is, "etcd", PATIENCE_MS, "Consul stopped, and its list has expired: etcd is the source");
    expect_source("etcd");

    proc_stop(&users[0].proc, SIGKILL, 5000); /* its key is removed when its lease expires */
    await(etcd_has, &(int){USERS}, PATIENCE_MS, "killed: removed from etcd");
    await(user_is_avoided, &(int){0}, PATIENCE_MS, "killed: removed from the list, without Consul");
    start_user(0);
    await(user_is_usable, &(int){0}, PATIENCE_MS, "started again: found, without Consul");
    expect_source("etcd");

    start_server(&world.consul);
    await(source_is, "consul", PATIENCE_MS, "Consul, started again, is the source");
    await(consul_has_all, NULL, PATIENCE_MS, "all are registered in Consul again");
    await(all_are_usable, NULL, PATIENCE_MS, "all are in the list");
    stop_load(load, "Consul stopped, etcd running");
    close_etcd_scene();
}

static bool etcd_is_reported_failing(void *arg)
{
    (void)arg;
    return replies(&orders, "/health", 200, "; failing: etcd: POST") &&
           replies(&orders, "/health", 200, "\"registry\":{\"status\":\"healthy\"");
}

Test(two_registries, etcd_that_returns_empty_is_registered_in_again, .init = open_two)
{
    struct load *load = load_orders(4, 50);
    await(etcd_has, &(int){USERS + 1}, PATIENCE_MS, "all services are registered in etcd");
    server_stop(&etcd);
    await(etcd_is_reported_failing, NULL, PATIENCE_MS, "etcd stopped: /health reports it");
    expect_source("consul");
    await(all_are_usable, NULL, PATIENCE_MS, "all are passing in Consul, as before");

    lose_data_of_etcd();
    start_server(&etcd);
    await(etcd_has, &(int){USERS + 1}, PATIENCE_MS, "etcd returned empty: all are registered in it");
    expect_source("consul");
    stop_load(load, "etcd stopped, Consul running");
    close_etcd_scene();
}

Test(two_registries, stopped_instance_leaves_both_registries_at_once, .init = open_two)
{
    await(etcd_has, &(int){USERS + 1}, PATIENCE_MS, "all services are registered in etcd");
    cr_expect_eq(service_stop(&users[0]), 0);
    const char *its_key = "{\"key\":\"L3NlcnZpY2VzL3VzZXItc2VydmljZS91c2VyLXNlcnZpY2UtMQ==\",\"count_only\":true}";
    cr_expect(etcd_replies("/v3/kv/range", its_key, "\"header\""));
    cr_expect_not(etcd_replies("/v3/kv/range", its_key, "\"count\""), "its key is removed before its lease expires");
    cr_expect_not(consul_has(&world.consul, "user-service", user_id(0), false));
    close_etcd_scene();
}

static bool is_critical_in_etcd(void *arg)
{
    (void)arg;
    struct view view;
    view_take(&orders, "user-service", &view);
    const struct seen *seen = view_find(&view, user_id(0));
    return strcmp(view.source, "etcd") == 0 && seen && strcmp(seen->status, "critical") == 0;
}

Test(two_registries, unhealthy_instance_reports_itself_to_etcd, .init = open_two)
{
    server_stop(&world.consul);
    await(source_is, "etcd", PATIENCE_MS, "etcd is the source");
    server_stop(&world.redis); /* the deep check of each user-service needs it */
    await(is_critical_in_etcd, NULL, PATIENCE_MS, "its status in etcd is critical");
    cr_expect_eq(get_status(&orders, "/users/7", NULL), 200, "all are critical, so calls fail open");
    start_server(&world.redis);
    await(all_are_usable, NULL, PATIENCE_MS, "all are passing again in etcd");
    close_etcd_scene();
}

/* etcd's entries know no maintenance, but Consul's last list does. */
Test(two_registries, maintenance_holds_while_consul_is_down, .init = open_two)
{
    await(etcd_has, &(int){USERS + 1}, PATIENCE_MS, "all services are registered in etcd");
    set_maintenance(0, true);
    await_reply(&orders, "/discovery/explain?service=user-service", 200, "in maintenance");
    server_stop(&world.consul);
    await(source_is, "etcd", PATIENCE_MS, "etcd is the source");
    for (int call = 0; call < 12; call++)
        cr_expect_not(replies(&orders, "/users/7", 200, "X-Upstream: user-service-1"), "call %d", call);
    cr_expect(replies(&orders, "/discovery/explain?service=user-service", 200, "in maintenance"));
    await(source_is, "etcd", PATIENCE_MS, "etcd is still the source");
    close_etcd_scene();
}

/* --- etcd over its quota ------------------------------------------------------------------ */

/* Base64: the keys "fil…", with 30 KB each. */
static void fill_etcd(void)
{
    struct buf body = BUF_INIT(64 * 1024);
    bool accepts = true;
    for (int i = 0; accepts && i < 100; i++) {
        buf_clear(&body);
        buf_addf(&body, "{\"key\":\"Zmls%04d\",\"value\":\"%040000d\"}", i, 0);
        accepts = etcd_replies("/v3/kv/put", buf_text(&body), "");
    }
    buf_close(&body);
    cr_expect_not(accepts);
}

/* As etcd's documentation says: make room, compact, defragment, disarm the alarm. */
static void mend_etcd(void)
{
    char body[200], revision[32], member[32];
    const char *filled = "{\"key\":\"Zmls\",\"range_end\":\"Zmlt\"}";
    cr_expect(etcd_tells("/v3/kv/deleterange", filled, "\"revision\":\"", revision));
    snprintf(body, sizeof body, "{\"revision\":\"%s\"}", revision);
    cr_expect(etcd_replies("/v3/kv/compaction", body, ""));
    cr_expect(etcd_replies("/v3/maintenance/defragment", "{}", ""));
    cr_expect(etcd_tells("/v3/maintenance/alarm", "{\"action\":\"GET\"}", "[{\"memberID\":\"", member));
    snprintf(body, sizeof body, "{\"action\":\"DEACTIVATE\",\"memberID\":\"%s\",\"alarm\":\"NOSPACE\"}", member);
    cr_expect(etcd_replies("/v3/maintenance/alarm", body, ""));
}

static void open_two_with_quota(void)
{
    etcd_quota = "262144";
    order_settings[2] = "CHECK_INTERVAL=10s"; /* its lease, which cannot be taken out again, lasts three times as long */
    open_two();
}

Test(two_registries, full_etcd_does_not_keep_an_ill_instance, .init = open_two_with_quota)
{
    await(etcd_has, &(int){USERS + 1}, PATIENCE_MS, "all services are registered in etcd");
    server_stop(&world.consul);
    await(source_is, "etcd", PATIENCE_MS, "etcd is the source");
    await(all_are_usable, NULL, PATIENCE_MS, "all are passing in etcd");
    fill_etcd();
    server_stop(&world.redis); /* the deep check of each user-service needs it */
    await(etcd_has, &(int){1}, PATIENCE_MS, "only order-service, which is well, is still listed");
    cr_expect(proc_wait_output(&users[0].proc, "cannot write the status critical, so the lease is not renewed", NULL, 0,
                               PATIENCE_MS));

    start_server(&world.redis);
    mend_etcd();
    await(etcd_has, &(int){USERS + 1}, PATIENCE_MS, "all are registered in etcd again");
    await(all_are_usable, NULL, PATIENCE_MS, "all are passing again");
    close_etcd_scene();
}
