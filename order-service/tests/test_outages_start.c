/* The services start without PostgreSQL, Redis and Consul, which start later, in any order. */
#include "scene.h"
#include "scene_requests.h"

TestSuite(outages_start, .timeout = 300);

enum { POSTGRES, REDIS, CONSUL, SERVERS };

static struct server *server_at(int which)
{
    struct server *const all[SERVERS] = {&world.postgres, &world.redis, &world.consul};
    return all[which];
}

static void expect_missing_servers_are_reported(void)
{
    cr_expect_eq(get_status(&users[0], "/health/live", NULL), 200);
    cr_expect_eq(get_status(&orders, "/health/live", NULL), 200);
    await_reply(&users[0], "/health", 503, "\"postgres\":{\"status\":\"unhealthy\"");
    await_reply(&users[0], "/health", 503, "\"redis\":{\"status\":\"unhealthy\"");
    await_reply(&orders, "/health", 503, "\"postgres\":{\"status\":\"unhealthy\"");
    await_reply(&orders, "/health", 503, "\"registry\":{\"status\":\"unhealthy\"");
    await_reply(&orders, "/users/7", 503, "No healthy user-service instances");
    cr_expect(proc_wait_output(&users[0].proc, "check=postgres", NULL, 0, PATIENCE_MS));
    cr_expect(proc_wait_output(&users[0].proc, "check=redis", NULL, 0, PATIENCE_MS));
    cr_expect(proc_wait_output(&orders.proc, "check=postgres", NULL, 0, PATIENCE_MS));
}

/* Waits until the services use the server that has just started. */
static void await_use_of(int which, bool all_stores_run)
{
    int health = all_stores_run ? 200 : 503;
    switch (which) {
    case POSTGRES:
        await_reply(&users[0], "/health", health, "\"postgres\":{\"status\":\"healthy\"");
        await_reply(&orders, "/orders/1", 200, "\"id\":\"1\"");
        break;
    case REDIS:
        await_reply(&users[0], "/health", health, "\"redis\":{\"status\":\"healthy\"");
        break;
    default:
        await_reply(&orders, "/discovery", 200, "\"id\":\"user-service-1\"");
    }
}

static void start_in_order(const int order[SERVERS])
{
    for (int i = 0; i < SERVERS; i++)
        server_kill(server_at(i));
    start_orders();
    start_user(0);
    expect_missing_servers_are_reported();

    int stores = 0;
    for (int i = 0; i < SERVERS; i++) {
        start_server(server_at(order[i]));
        stores += order[i] == POSTGRES || order[i] == REDIS;
        await_use_of(order[i], stores == 2);
    }
    await_reply(&orders, "/users/7", 200, "X-Upstream: user-service-1");
    await_reply(&orders, "/orders/1", 200, "\"degraded\":false");
    cr_expect_eq(service_stop(&orders), 0);
    cr_expect_eq(service_stop(&users[0]), 0);
}

Test(outages_start, dependencies_may_start_in_any_order, .init = open_world, .fini = close_world)
{
    start_in_order((const int[]){POSTGRES, REDIS, CONSUL});
    start_in_order((const int[]){CONSUL, REDIS, POSTGRES});
    start_in_order((const int[]){REDIS, CONSUL, POSTGRES});
}

Test(outages_start, user_service_may_start_after_order_service, .init = open_world, .fini = close_world)
{
    start_orders();
    await_reply(&orders, "/health", 200, "\"user-service\":{\"status\":\"unhealthy\"");
    await_reply(&orders, "/users/7", 503, "No healthy user-service instances");
    cr_expect(replies(&orders, "/orders/1", 200, "\"user\":null,\"degraded\":true"));
    start_user(0);
    await_reply(&orders, "/users/7", 200, "X-Upstream: user-service-1");
    await_reply(&orders, "/orders/1", 200, "\"degraded\":false");
    cr_expect_eq(service_stop(&orders), 0);
    cr_expect_eq(service_stop(&users[0]), 0);
}

Test(outages_start, sigterm_ends_service_without_its_dependencies, .init = open_world, .fini = close_world)
{
    for (int i = 0; i < SERVERS; i++)
        server_kill(server_at(i));
    start_orders();
    start_user(0);
    expect_missing_servers_are_reported();
    int64_t begin = clock_ms();
    cr_expect_eq(service_stop(&orders), 0);
    cr_expect_eq(service_stop(&users[0]), 0);
    REPORT("both drained, one after the other, without any server: %lld ms", (long long)(clock_ms() - begin));
}
