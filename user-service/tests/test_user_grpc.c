/* SERVICE_CHECK=grpc: a real Consul calls grpc.health.v1 and uses its reply. */
#include <signal.h>

#include "service/tests/consul_case.h"
#include "service/tests/service_case.h"

TestSuite(user_grpc, .timeout = 300);

static struct world world;
static struct service users;

static void setup_with(const char *const env[])
{
    struct err err = ERR_INIT;
    cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
    start_service(&users, &world, "user-service", env);
}

static void teardown(void)
{
    world_stop(&world);
}

Test(user_grpc, grpc_check_follows_the_deep_health, .fini = teardown)
{
    struct err err = ERR_INIT;
    setup_with((const char *[]){"SERVICE_CHECK=grpc", NULL});
    cr_assert(proc_wait_output(&users.proc, "msg=grpc_listening port=", NULL, 0, 60000));
    cr_assert(await_consul(&world.consul, PASSING, "\"Output\":\"gRPCcheck"));
    server_kill(&world.redis);
    /* "gRPC application didn't report service healthy", or from a newer Consul "gRPC … serving status: NOT_SERVING";
     * a call that fails has another text. */
    cr_assert(await_consul(&world.consul, CRITICAL, "\"Output\":\"gRPC"));
    cr_assert(await_consul(&world.consul, PASSING, NULL));
    cr_expect(proc_wait_output(&users.proc, "check=redis", NULL, 0, 0), "the log has the reason");
    cr_assert_eq(server_start(&world.redis, &err), 0, "%s", err.text);
    cr_expect(await_consul(&world.consul, PASSING, "\"Port\""));
    cr_expect_eq(service_stop(&users), 0);
    cr_expect(await_consul(&world.consul, LISTED, NULL));
}

Test(user_grpc, grpc_port_is_used_and_dead_process_is_critical, .fini = teardown)
{
    struct err err = ERR_INIT;
    struct port port;
    char variable[32], address[32];
    cr_assert_eq(port_take(&port, &err), 0, "%s", err.text);
    snprintf(variable, sizeof variable, "GRPC_PORT=%d", port.number);
    snprintf(address, sizeof address, "127.0.0.1:%d", port.number);
    setup_with((const char *[]){"SERVICE_CHECK=grpc", variable, NULL});
    cr_assert(await_consul(&world.consul, PASSING, address));
    proc_stop(&users.proc, SIGKILL, 0);
    cr_expect(await_consul(&world.consul, CRITICAL, "user-service"));
    port_release(&port);
}
