/* What user-service does about its entry on a real Consul: when another process changes the
 * entry, when an operator sets maintenance, and when the entry is of no use to other machines. */
#include <signal.h>

#include "service/tests/consul_case.h"
#include "service/tests/service_case.h"

TestSuite(user_registration, .timeout = 300);

static struct world world;
static struct service users, other;

static void setup_with(const char *const env[])
{
    struct err err = ERR_INIT;
    cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
    start_service(&users, &world, "user-service", env);
    cr_assert(await_consul(&world.consul, PASSING, "\"users-1\""));
}

static void teardown(void)
{
    if (proc_is_running(&other.proc))
        service_stop(&other);
    service_stop(&users);
    world_stop(&world);
}

/* members: after the ID and the Name. */
static void register_users_1(const char *members)
{
    char url[256], body[512];
    struct err err = ERR_INIT;
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s/v1/agent/service/register", world.consul.url);
    snprintf(body, sizeof body, "{\"ID\":\"users-1\",\"Name\":\"user-service\",%s}", members);
    const struct probe_request request = {.method = "PUT", .url = url, .body = body};
    cr_assert_eq(probe_send(NULL, &request, &reply, &err), 0, "%s", err.text);
    cr_assert_eq(reply.status, 200, "%s", buf_text(&reply.body));
    probe_reply_close(&reply);
}

static void expect_log(struct service *service, const char *part)
{
    if (proc_wait_output(&service->proc, part, NULL, 0, 60000))
        return;
    char *log = proc_output(&service->proc);
    cr_expect_fail("no %s in %s", part, log);
    free(log);
}

Test(user_registration, changed_entry_is_put_right, .fini = teardown)
{
    char port[32];
    setup_with((const char *[]){"SERVICE_ID=users-1", NULL});
    snprintf(port, sizeof port, "\"Port\":%d", users.port);
    register_users_1("\"Address\":\"127.0.0.1\",\"Port\":9");
    expect_log(&users, "msg=registration_changed registry=consul id=users-1 difference=\"Port is 9, not ");
    cr_expect(await_consul(&world.consul, PASSING, port));
    /* An address where nothing answers, and no check: the entry stays passing. */
    register_users_1("\"Address\":\"192.0.2.1\",\"Port\":9,\"Tags\":[\"v1\",\"c\"]");
    cr_expect(await_consul(&world.consul, PASSING, port));
}

Test(user_registration, two_processes_with_one_id_are_logged, .fini = teardown)
{
    setup_with((const char *[]){"SERVICE_ID=users-1", NULL});
    start_service(&other, &world, "user-service", (const char *[]){"SERVICE_ID=users-1", NULL});
    expect_log(&users, "hint=SERVICE_ID=<id-that-no-other-process-uses>");
    expect_log(&other, "hint=SERVICE_ID=<id-that-no-other-process-uses>");
}

/* Starts Consul again with this address for other machines. */
static void advertise(const char *option)
{
    struct err err = ERR_INIT;
    server_stop(&world.consul);
    world.consul.options[0] = "-dev";
    world.consul.options[1] = option;
    cr_assert_eq(server_start(&world.consul, &err), 0, "%s", err.text);
}

Test(user_registration, loopback_at_a_real_agent_is_warned_of_once, .fini = teardown)
{
    setup_with((const char *[]){"SERVICE_ID=users-1", NULL});
    char *log = proc_output(&users.proc);
    cr_expect_null(strstr(log, "registered_on_loopback"), "the agent itself is on loopback: %s", log);
    free(log);

    advertise("-advertise=192.0.2.7");
    start_service(&other, &world, "user-service", (const char *[]){"SERVICE_ID=users-2", NULL});
    expect_log(&other, "level=warn msg=registered_on_loopback registry=consul id=users-2 address=127.0.0.1 "
                       "agent_address=192.0.2.7 hint=SERVICE_ADDRESS=<address-that-other-machines-can-reach>");
    cr_expect_eq(service_stop(&other), 0);
    start_service(&other, &world, "user-service",
                  (const char *[]){"SERVICE_ID=users-2", "SERVICE_ADDRESS=192.0.2.7", NULL});
    expect_log(&other, "msg=registered ");
    cr_expect_eq(service_stop(&other), 0);
    log = proc_output(&other.proc);
    cr_expect_null(strstr(log, "registered_on_loopback"), "%s", log);
    free(log);
}

#define MASTER "5d1b7e2a-0000-4000-8000-000000000001"
#define IDENTITY "5d1b7e2a-0000-4000-8000-000000000002"
#define TOKENS "tokens { master = \"" MASTER "\", agent = \"" MASTER "\" }"
#define ACL "-hcl=acl { enabled = true, default_policy = \"deny\", " TOKENS " }"

/* Until there is a leader, Consul creates no token. */
static bool identity_is_created(void *unused)
{
    (void)unused;
    char url[256];
    struct err err = ERR_INIT;
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s/v1/acl/token", world.consul.url);
    const struct probe_request request = {
        .method = "PUT", .url = url, .headers = (const char *[]){"X-Consul-Token: " MASTER, NULL},
        .body = "{\"SecretID\":\"" IDENTITY "\",\"ServiceIdentities\":[{\"ServiceName\":\"user-service\"}]}"};
    bool created = probe_send(NULL, &request, &reply, &err) == 0 && reply.status == 200;
    probe_reply_close(&reply);
    return created;
}

/* Its token may not read /v1/agent/self. */
Test(user_registration, service_identity_is_warned_of_loopback, .fini = teardown)
{
    struct err err = ERR_INIT;
    cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
    world.consul.options[2] = ACL;
    advertise("-advertise=192.0.2.7");
    cr_assert(wait_until(identity_is_created, NULL, 60000));
    start_service(&users, &world, "user-service",
                  (const char *[]){"SERVICE_ID=users-1", "CONSUL_HTTP_TOKEN=" IDENTITY, NULL});
    expect_log(&users, "msg=registered_on_loopback registry=consul id=users-1 address=127.0.0.1 "
                       "agent_address=192.0.2.7");
}
