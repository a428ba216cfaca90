/* SERVICE_CHECK=tcp, ttl and none on a real Consul: which failures each detects. */
#include <signal.h>

#include "service/tests/consul_case.h"
#include "service/tests/service_case.h"

TestSuite(user_check, .timeout = 300);

static struct world world;
static struct service users;

static void setup_with(const char *check)
{
    struct err err = ERR_INIT;
    cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
    start_service(&users, &world, "user-service", (const char *[]){check, NULL});
    cr_assert(await_consul(&world.consul, PASSING, "\"Port\""));
}

static void teardown(void)
{
    world_stop(&world);
}

static void lose_redis(void)
{
    server_kill(&world.redis);
    cr_assert(await_status(&users, "/health", 503));
}

static bool consul_lists(const char *path, const char *part)
{
    char *text = get_from_consul(&world.consul, path);
    bool lists = strstr(text, part) != NULL;
    free(text);
    return lists;
}

Test(user_check, tcp_check_detects_only_a_dead_process, .fini = teardown)
{
    setup_with("SERVICE_CHECK=tcp");
    cr_assert(await_consul(&world.consul, LISTED, "\"Output\":\"TCPconnect127.0.0.1"));
    lose_redis();
    cr_expect(consul_lists(PASSING, "\"Port\""), "its listener still accepts connections");
    proc_stop(&users.proc, SIGKILL, 0);
    cr_expect(await_consul(&world.consul, CRITICAL, "user-service"));
}

Test(user_check, ttl_check_reports_deep_health_and_silence, .fini = teardown)
{
    struct err err = ERR_INIT;
    setup_with("SERVICE_CHECK=ttl");
    lose_redis();
    cr_assert(await_consul(&world.consul, CRITICAL, "redis"));
    cr_assert_eq(server_start(&world.redis, &err), 0, "%s", err.text);
    cr_assert(await_consul(&world.consul, PASSING, "\"Port\""));
    proc_pause(&users.proc);
    cr_expect(await_consul(&world.consul, CRITICAL, "TTLexpired"));
    proc_resume(&users.proc);
    cr_expect(await_consul(&world.consul, PASSING, "\"Port\""));
    cr_expect_eq(service_stop(&users), 0);
    cr_expect(await_consul(&world.consul, LISTED, NULL));
}

Test(user_check, check_none_keeps_a_dead_instance_listed, .fini = teardown)
{
    setup_with("SERVICE_CHECK=none");
    cr_expect_not(consul_lists(LISTED, "\"CheckID\":\"service:"));
    lose_redis();
    proc_stop(&users.proc, SIGKILL, 0);
    cr_expect(consul_lists(PASSING, "\"Port\""), "although it is dead");
}
