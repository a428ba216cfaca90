/* The playground with --observe: services that others have started, as in containers. */
#include "buttons.h"
#include "fixture.h"
#include "harness/world.h"

TestSuite(playground_observe, .timeout = 300);

static struct world world;
static struct service users[2], orders;

static void start_services(void)
{
    static const char *const ids[] = {"SERVICE_ID=first", "SERVICE_ID=second"};
    cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(service_start(&users[i], &world, "user-service",
                                   (const char *const[]){ids[i], i ? "SERVICE_ZONE=z1" : "SERVICE_WEIGHT=3", NULL},
                                   &err),
                     0, "%s", err.text);
    cr_assert_eq(service_start(&orders, &world, "order-service", NULL, &err), 0, "%s", err.text);
}

static void observe(void)
{
    char consul_setting[200], orders_setting[200], url[SERVICE_URL_MAX];
    snprintf(consul_setting, sizeof consul_setting, "CONSUL_HTTP_ADDR=%s", world.consul.url);
    snprintf(orders_setting, sizeof orders_setting, "ORDER_SERVICE_URL=%s", service_url(&orders, "", url));
    launch((const char *const[]){consul_setting, orders_setting, NULL}, "--observe");
    find_page();
    await_state("first", "passing");
    await_state("second", "passing");
}

static void setup_observed(void)
{
    start_services();
    observe();
    await_state(NULL, "passing");
}

static void teardown_observed(void)
{
    teardown();
    service_stop(&orders);
    for (int i = 0; i < 2; i++)
        if (proc_is_running(&users[i].proc))
            service_stop(&users[i]);
    world_stop(&world);
}

Test(playground_observe, observed_services_appear_with_their_data, .init = setup_observed, .fini = teardown_observed)
{
    json_t *state = state_new();
    const json_t *first = node_in(state, "first");
    cr_expect_str_eq(text_in(state, "mode"), "observe");
    cr_expect_str_neq(text_in(state, "why_read_only"), "");
    cr_expect_eq(number_in(first, "weight"), 3);
    cr_expect_eq(number_in(first, "port"), users[0].port);
    cr_expect(json_is_null(json_object_get(first, "process")));
    cr_expect(json_is_null(json_object_get(first, "pid")));
    cr_expect_str_eq(text_in(node_in(state, "second"), "zone"), "z1");
    cr_expect_str_eq(text_in(node_in(state, "postgres"), "state"), "passing");
    json_decref(state);
}

Test(playground_observe, observed_services_are_never_controlled, .init = setup_observed, .fini = teardown_observed)
{
    static const char *const actions[] = {"{\"action\":\"kill\",\"target\":\"first\"}",
                                          "{\"action\":\"stop\",\"target\":\"consul\"}",
                                          "{\"action\":\"add\"}",
                                          "{\"action\":\"settings\",\"ttl_s\":5}",
                                          "{\"action\":\"reset\"}",
                                          "{\"action\":\"scenario\",\"name\":\"storm\"}"};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        expect_refused(actions[i], 403, "read_only");
    cr_expect_eq(end_playground(), 0);
    cr_expect(proc_is_running(&users[0].proc) && proc_is_running(&orders.proc) && proc_is_running(&world.consul.proc));
}

Test(playground_observe, faults_of_observed_services_are_shown, .init = setup_observed, .fini = teardown_observed)
{
    cr_expect_eq(act("{\"action\":\"load\",\"on\":true,\"rate\":20}"), 200);
    cr_expect(wait_until(is_called, "first", PATIENCE_MS));
    server_stop(&world.redis);
    REPORT("lost Redis is shown after %lld ms", (long long)await_state("redis", "critical"));
    await_state("first", "critical");
    cr_expect_eq(server_start(&world.redis, &err), 0);
    await_state(NULL, "passing");
    proc_stop(&users[1].proc, SIGKILL, 0);
    REPORT("a killed instance is critical after %lld ms", (long long)await_state("second", "critical"));
    cr_expect_eq(service_stop(&users[0]), 0);
    cr_expect(wait_until(is_gone, "first", PATIENCE_MS), "it has deregistered");
    server_stop(&world.consul);
    REPORT("lost Consul is shown after %lld ms", (long long)await_state("consul", "critical"));
    service_stop(&orders);
    await_state("order-service", "critical");
}

static bool both_are_known(void *arg)
{
    struct view view;
    (void)arg;
    view_take(&orders, "user-service", &view);
    return view.usable == 2;
}

Test(playground_observe, instances_appear_although_consul_is_down, .init = start_services, .fini = teardown_observed)
{
    cr_assert(wait_until(both_are_known, NULL, PATIENCE_MS));
    server_stop(&world.consul);
    observe();
    await_state("consul", "critical");
    json_t *state = state_new();
    cr_expect_eq(number_in(node_in(state, "first"), "port"), users[0].port);
    cr_expect(json_is_false(json_object_get(node_in(state, "first"), "listed")));
    json_decref(state);
}
