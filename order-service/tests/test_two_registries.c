/* Consul and etcd, both real: everybody is in both, and a caller needs only one. */
#include "etcd_scene.h"

TestSuite(two_registries, .timeout = 300);

static void open_two(void)
{
    order_settings[1] = "DISCOVERY_CACHE_TTL=2s"; /* so that Consul's list is soon too old */
    open_etcd_scene();
}

Test(two_registries, consul_away_for_longer_than_the_ttl_etcd_takes_over_until_it_is_back, .init = open_two)
{
    await(etcd_has, &(int){USERS + 1}, PATIENCE_MS, "everybody is in etcd as well");
    expect_source("consul");
    await_reply(&orders, "/metrics", 200, "registration_registered{registry=\"etcd\"} 1");

    struct load *load = load_orders(4, 50);
    server_stop(&world.consul);
    await(source_is, "etcd", PATIENCE_MS, "Consul is away, and its list too old: etcd is the source");
    expect_source("etcd");

    proc_stop(&users[0].proc, SIGKILL, 5000); /* its key goes with its lease */
    await(etcd_has, &(int){USERS}, PATIENCE_MS, "killed: gone from etcd");
    await(user_is_avoided, &(int){0}, PATIENCE_MS, "killed: gone from the list, without Consul");
    start_user(0);
    await(user_is_usable, &(int){0}, PATIENCE_MS, "started again: found, without Consul");
    expect_source("etcd");

    start_server(&world.consul);
    await(source_is, "consul", PATIENCE_MS, "Consul, started again, is the source");
    await(consul_has_all, NULL, PATIENCE_MS, "everybody is in Consul again");
    await(all_are_usable, NULL, PATIENCE_MS, "everybody is in the list");
    stop_load(load, "Consul away, and etcd there");
    close_etcd_scene();
}

static bool etcd_is_missed(void *arg)
{
    (void)arg;
    return replies(&orders, "/health", 200, "; failing: etcd: POST") &&
           replies(&orders, "/health", 200, "\"registry\":{\"status\":\"healthy\"");
}

Test(two_registries, etcd_away_changes_nothing_and_once_back_empty_everybody_is_in_it, .init = open_two)
{
    struct load *load = load_orders(4, 50);
    await(etcd_has, &(int){USERS + 1}, PATIENCE_MS, "everybody is in etcd as well");
    server_stop(&etcd);
    await(etcd_is_missed, NULL, PATIENCE_MS, "etcd is away, and /health says so");
    expect_source("consul");
    await(all_are_usable, NULL, PATIENCE_MS, "all are passing in Consul, as before");

    lose_data_of_etcd();
    start_server(&etcd);
    await(etcd_has, &(int){USERS + 1}, PATIENCE_MS, "etcd came back empty, and everybody is in it");
    expect_source("consul");
    stop_load(load, "etcd away, and Consul there");
    close_etcd_scene();
}

Test(two_registries, who_leaves_in_order_is_out_of_both_at_once, .init = open_two)
{
    await(etcd_has, &(int){USERS + 1}, PATIENCE_MS, "everybody is in etcd as well");
    cr_expect_eq(service_stop(&users[0]), 0);
    const char *its_key = "{\"key\":\"L3NlcnZpY2VzL3VzZXItc2VydmljZS91c2VyLXNlcnZpY2UtMQ==\",\"count_only\":true}";
    cr_expect(etcd_says("/v3/kv/range", its_key, "\"header\""));
    cr_expect_not(etcd_says("/v3/kv/range", its_key, "\"count\""), "it does not wait for the end of its lease");
    cr_expect_not(consul_has(&world.consul, "user-service", user_id(0), false));
    close_etcd_scene();
}

static bool is_ill_in_etcd(void *arg)
{
    (void)arg;
    struct view view;
    view_take(&orders, "user-service", &view);
    const struct seen *seen = view_find(&view, user_id(0));
    return strcmp(view.source, "etcd") == 0 && seen && strcmp(seen->status, "critical") == 0;
}

Test(two_registries, without_consul_an_instance_says_itself_that_it_is_ill, .init = open_two)
{
    server_stop(&world.consul);
    await(source_is, "etcd", PATIENCE_MS, "etcd is the source");
    server_stop(&world.redis); /* behind the deep health of all */
    await(is_ill_in_etcd, NULL, PATIENCE_MS, "its status in etcd is critical");
    cr_expect_eq(status_of(&orders, "/users/7", NULL), 200, "all are, so calls fail open");
    start_server(&world.redis);
    await(all_are_usable, NULL, PATIENCE_MS, "well again, as etcd has it");
    close_etcd_scene();
}
