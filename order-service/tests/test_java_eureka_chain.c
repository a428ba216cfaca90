/* Consul, etcd and Eureka, all real, as a chain: each service registers in all three, and a caller uses the first that
 * answers. They stop one after another, and return; no call fails. */
#include "etcd_scene.h"
#include "eureka_operator.h"

TestSuite(java_eureka_chain, .timeout = 900);

static char etcd_setting[160];

static void open_chain(void)
{
    open_world();
    cr_assert_eq(server_init(&etcd, SERVER_ETCD, &world.folder, &err), 0, "%s", err.text);
    start_server(&etcd);
    start_eureka((const char *[]){CACHE_SHORT, CACHE_EXPIRES, EVICT_SOON, NULL});
    use_eureka("CHECK_INTERVAL=2s");
    snprintf(etcd_setting, sizeof etcd_setting, "ETCD_ENDPOINTS=%s", etcd.url);
    user_settings[1] = order_settings[1] = "REGISTRIES=consul,etcd,eureka";
    user_settings[6] = order_settings[6] = etcd_setting;
    start_all();
}

/* Also `tier` in /discovery/explain. */
static void expect_the_source(const char *source, int64_t limit_ms, const char *what)
{
    char tier[48];
    await(is_the_source, (void *)(uintptr_t)source, limit_ms, what);
    snprintf(tier, sizeof tier, "{\"tier\":\"%s\"", source);
    await_reply(&orders, "/discovery/explain?service=user-service", 200, tier);
}

static void fall_back(void)
{
    expect_the_source("consul", PATIENCE_MS, "all run: Consul");
    server_stop(&world.consul);
    expect_the_source("etcd", PATIENCE_MS, "Consul stopped: etcd");
    server_stop(&etcd);
    expect_the_source("eureka", PATIENCE_MS, "etcd stopped, too: Eureka");
    cr_expect(replies(&orders, "/health", 200, "failing: consul: GET"), "/health names both");
    cr_expect(replies(&orders, "/health", 200, "; etcd: POST"), "/health names both");
    cr_expect(replies(&orders, "/metrics", 200, "registration_registered{registry=\"eureka\"} 1"));
}

/* While only Eureka answers. */
static void obey_eureka(void)
{
    set_out_of_service(0, true);
    await(is_in_maintenance, &(int){0}, PATIENCE_MS, "OUT_OF_SERVICE in Eureka: in maintenance");
    expect_not_called(0);
    set_out_of_service(0, false);
    await(user_is_usable, &(int){0}, PATIENCE_MS, "the override is deleted: usable");
}

static void return_in_turn(void)
{
    start_server(&etcd);
    expect_the_source("etcd", BACK_MS, "etcd started again: etcd");
    start_server(&world.consul);
    expect_the_source("consul", BACK_MS, "Consul started again: Consul");
    await(all_are_usable, NULL, PATIENCE_MS, "all are usable");
    await(consul_has_all, NULL, PATIENCE_MS, "all are in Consul");
    await(etcd_has, &(int){USERS + 1}, PATIENCE_MS, "all are in etcd");
}

Test(java_eureka_chain, each_registry_takes_over_without_a_failed_call)
{
    open_chain();
    await(etcd_has, &(int){USERS + 1}, PATIENCE_MS, "all are in etcd");
    await(all_are_in_eureka, NULL, PATIENCE_MS, "all are in Eureka");
    struct load *load = load_orders(2, 25);
    fall_back();
    obey_eureka();
    return_in_turn();
    stop_load(load, "Consul, then etcd stopped and returned");
    server_close(&etcd);
    close_eureka_scene();
}
