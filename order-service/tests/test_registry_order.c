/* REGISTRIES=etcd,consul, on real servers: the order of trust is obeyed, and all that shows a source knows its name. */
#include "etcd_scene.h"
#include "scene_requests.h"

TestSuite(registry_order, .timeout = 300);

static struct folder snapshots;

static void open_in_order(void)
{
    static char folder[PLACE_PATH_MAX + 32];
    cr_assert_eq(folder_take(&snapshots, &err), 0, "%s", err.text);
    snprintf(folder, sizeof folder, "DISCOVERY_SNAPSHOT_DIR=%s", snapshots.path);
    order_settings[1] = "DISCOVERY_CACHE_TTL=2s";
    order_settings[2] = user_settings[1] = "REGISTRIES=etcd,consul";
    order_settings[3] = folder;
    open_etcd_scene();
    await(etcd_has, &(int){USERS + 1}, PATIENCE_MS, "all services are registered in etcd");
}

static void close_in_order(void)
{
    close_etcd_scene();
    folder_remove(&snapshots);
}

/* Each way in which a source shows. */
static void expect_shown(const char *source, const char *fallback)
{
    char text[128];
    expect_source(source);
    snprintf(text, sizeof text, "\"user-service\":{\"source\":\"%s\"", source);
    await_reply(&orders, "/discovery", 200, text);
    snprintf(text, sizeof text, "discovery_tier{service=\"user-service\",source=\"%s\"} 1", source);
    await_reply(&orders, "/metrics", 200, text);
    snprintf(text, sizeof text, "discovery_fallback{service=\"user-service\"} %s", fallback);
    await_reply(&orders, "/metrics", 200, text);
    snprintf(text, sizeof text, "\"tier\":\"%s\"", source);
    await_reply(&orders, "/discovery/explain?service=user-service", 200, text);
}

Test(registry_order, most_trusted_registry_is_used_while_it_answers, .init = open_in_order)
{
    struct load *load = load_orders(4, 50);
    expect_shown("etcd", "0");
    await_reply(&orders, "/metrics", 200, "registry_up{registry=\"consul\"} 1");

    server_stop(&etcd);
    await(source_is, "consul", PATIENCE_MS, "etcd stopped, and its list has expired: Consul is the source");
    expect_shown("consul", "1");
    await_reply(&orders, "/health", 200, "failing: etcd: ");
    await_reply(&orders, "/metrics", 200, "registry_up{registry=\"etcd\"} 0");

    server_stop(&world.consul);
    await(source_is, "cache", PATIENCE_MS, "both stopped: the cache");
    expect_shown("cache", "1");

    start_server(&world.consul);
    await(source_is, "consul", PATIENCE_MS, "Consul, started again, is the source");
    start_server(&etcd);
    await(source_is, "etcd", PATIENCE_MS, "etcd, started again, is the source");
    await(all_are_usable, NULL, PATIENCE_MS, "all are in the list");
    expect_shown("etcd", "0");
    stop_load(load, "etcd and Consul stopped, one after the other");
    close_in_order();
}

Test(registry_order, snapshot_is_used_after_a_start_without_registry, .init = open_in_order)
{
    cr_expect_eq(service_stop(&orders), 0); /* it writes the snapshot at its end at the latest */
    server_stop(&etcd);
    server_stop(&world.consul);
    start_orders();
    await(source_is, "disk", PATIENCE_MS, "no registry: the snapshot is the source");
    expect_shown("disk", "1");
    start_server(&etcd);
    await(source_is, "etcd", PATIENCE_MS, "etcd is back");
    close_in_order();
}

static bool gets_calls_again(void *id)
{
    char text[64];
    snprintf(text, sizeof text, "X-Upstream: %s", (const char *)id);
    return replies(&orders, "/users/7", 200, text);
}

/* etcd's entries know no maintenance, so Consul's count, although it is trusted less. */
Test(registry_order, maintenance_in_consul_counts_while_etcd_is_used, .init = open_in_order)
{
    set_maintenance(0, true);
    await_reply(&orders, "/discovery/explain?service=user-service", 200, "in maintenance");
    await(source_is, "etcd", PATIENCE_MS, "etcd is the source");
    for (int call = 0; call < 12; call++)
        cr_expect_not(replies(&orders, "/users/7", 200, "X-Upstream: user-service-1"), "call %d", call);

    set_maintenance(0, false);
    await(gets_calls_again, "user-service-1", PATIENCE_MS, "maintenance has ended: it gets calls again");
    await(source_is, "etcd", PATIENCE_MS, "etcd is still the source");
    close_in_order();
}
