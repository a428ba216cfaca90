/* order-service with a real Consul: which instances it finds and calls, and what
 * /discovery, /discovery/explain and /health show of them. */
#include <signal.h>
#include <sys/wait.h>

#include "service/tests/http_case.h"
#include "service/tests/service_case.h"

TestSuite(order_discovery, .timeout = 300);

static struct world world;
static struct service users[2], orders;

static void setup_with(const char *const env[])
{
    struct err err = ERR_INIT;
    cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
    start_service(&users[0], &world, "user-service",
                  (const char *[]){"SERVICE_ID=users-a", "SERVICE_WEIGHT=3", NULL});
    start_service(&users[1], &world, "user-service", (const char *[]){"SERVICE_ID=users-b", NULL});
    start_service(&orders, &world, "order-service", env);
    cr_assert(await_status(&orders, "/users/1", 200));
}

static void teardown(void)
{
    cr_expect_eq(service_stop(&orders), 0);
    for (int i = 0; i < 2; i++)
        if (proc_is_running(&users[i].proc))
            service_stop(&users[i]);
    world_stop(&world);
}

/* The parts that the body of a GET from order-service must contain. */
struct awaited_body {
    const char *path;
    const char *parts[3];
};

static bool body_has(void *arg)
{
    const struct awaited_body *awaited = arg;
    char *text = body_of(&orders, awaited->path);
    bool has = true;
    for (int i = 0; i < 3 && awaited->parts[i]; i++)
        has = has && strstr(text, awaited->parts[i]);
    free(text);
    return has;
}

static void await_body(struct awaited_body awaited)
{
    if (wait_until(body_has, &awaited, 60000))
        return;
    char *text = body_of(&orders, awaited.path);
    cr_expect_fail("%s: %s", awaited.path, text);
    free(text);
}

#define AWAIT_BODY(where, ...) await_body((struct awaited_body){where, {__VA_ARGS__}})

/* The status of /health as a whole: each check has a status of its own. */
#define HEALTHY "{\"status\":\"healthy\",\"checks\":"
#define BOTH_PASSING "\"user-service\":{\"status\":\"healthy\",\"latency_ms\":", "\"2 passing, 0 warning, 0 critical\""

Test(order_discovery, order_service_finds_calls_and_shows_instances, .fini = teardown)
{
    setup_with((const char *[]){"SERVICE_ID=orders-1", NULL});
    AWAIT_BODY("/health", BOTH_PASSING);
    AWAIT_BODY("/discovery", "\"last_error\":null,\"panic\":false,\"instances\":[{\"id\":\"users-a\","
                             "\"address\":\"127.0.0.1\",\"port\":");
    EXPECT_CASES(&orders,
                 {"/users/1", 200, .header = "X-Discovery-Source: consul"},
                 {"/users/1", 200, .header = "X-Served-By: orders-1"},
                 {"/health", 200, .part = "\"registry\":{\"status\":\"healthy\""},
                 {"/discovery", 200, .part = "{\"services\":{\"user-service\":{\"source\":\"consul\",\"age_ms\":"},
                 {"/discovery", 200, .part = "\"weight\":3,\"zone\":\"\",\"status\":\"passing\",\"ejected\":false,"
                                             "\"picks\":"},
                 {"/discovery/explain?service=user-service", 200, .part = "{\"tier\":\"consul\",\"instance\":\"users-"},
                 {"/discovery/explain?service=user-service&key=7", 200, .part = "\"passed_over\":[]}"},
                 {"/discovery/explain?service=other", 404},
                 {"/discovery/explain?service=user-service%00", 400},
                 {"/discovery/explain?service=user-service&key=7%008", 400},
                 {"/discovery/explain?key=7", 400},
                 {"/discovery/explain", 400},
                 {"/discovery", 405, .body = "{}", .header = "Allow: GET, HEAD"});

    char url[300];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s/v1/agent/service/orders-1", world.consul.url);
    cr_expect_eq(probe_get(NULL, url, &reply), 200, "order-service registers as well");
    probe_reply_close(&reply);
}

Test(order_discovery, weights_3_and_1_give_a_a_b_a_across_connections, .fini = teardown)
{
    setup_with((const char *[]){"CALL_TIMEOUT=30s", NULL});
    AWAIT_BODY("/health", BOTH_PASSING);
    char order[9] = "", url[SERVICE_URL_MAX], upstream[64];
    for (int i = 0; i < 8; i++) {
        struct probe_reply reply = {0};
        cr_expect_eq(probe_get(NULL, service_url(&orders, "/users/1", url), &reply), 200);
        probe_header(&reply, "X-Upstream", upstream, sizeof upstream);
        order[i] = upstream[0] ? upstream[strlen(upstream) - 1] : '?';
        probe_reply_close(&reply);
    }
    /* The first instance of the round depends on earlier requests. */
    char rounds[] = "aabaaabaaaba";
    cr_expect(strstr(rounds, order), "%s", order);
}

Test(order_discovery, explain_predicts_the_next_call, .fini = teardown)
{
    setup_with((const char *[]){"LB_POLICY=random", "CALL_TIMEOUT=30s", NULL});
    AWAIT_BODY("/health", BOTH_PASSING);
    for (int i = 0; i < 20; i++) {
        char *text = body_of(&orders, "/discovery/explain?service=user-service&key=1"), header[64];
        const char *instance = strstr(text, "\"instance\":\"");
        cr_assert(instance, "%s", text);
        snprintf(header, sizeof header, "X-Upstream: %.*s", (int)strcspn(instance + 12, "\""), instance + 12);
        EXPECT_CASES(&orders, {"/users/1", 200, .header = header});
        free(text);
    }
}

Test(order_discovery, consistent_hash_keeps_a_user_on_one_instance, .fini = teardown)
{
    setup_with((const char *[]){"LB_POLICY=consistent_hash", "CALL_TIMEOUT=30s", NULL});
    AWAIT_BODY("/health", BOTH_PASSING);
    char url[SERVICE_URL_MAX], path[32], first[64], again[64];
    bool seen[2] = {false};
    for (int id = 1; id <= 40; id++) {
        struct probe_reply reply = {0};
        snprintf(path, sizeof path, "/users/%d", id);
        probe_get(NULL, service_url(&orders, path, url), &reply);
        probe_header(&reply, "X-Upstream", first, sizeof first);
        probe_get(NULL, service_url(&orders, path, url), &reply);
        cr_expect_str_eq(probe_header(&reply, "X-Upstream", again, sizeof again), first);
        seen[strcmp(first, "users-b") == 0] = true;
        probe_reply_close(&reply);
    }
    cr_expect(seen[0] && seen[1], "users are spread over both instances");
}

Test(order_discovery, known_list_is_used_while_consul_is_down, .fini = teardown)
{
    setup_with((const char *[]){"DISCOVERY_CACHE_TTL=1s", NULL});
    AWAIT_BODY("/health", BOTH_PASSING);
    server_kill(&world.consul);
    AWAIT_BODY("/discovery", "\"source\":\"cache\"", "\"last_error\":\"");
    EXPECT_CASES(&orders,
                 {"/users/1", 200, .header = "X-Discovery-Source: cache"},
                 {"/orders/1", 200, .part = "\"degraded\":false"},
                 {"/orders", 201, .body = "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":2}"});
    AWAIT_BODY("/health", HEALTHY, "\"registry\":{\"status\":\"unhealthy\"");

    struct err err = ERR_INIT;
    cr_assert_eq(server_start(&world.consul, &err), 0, "%s", err.text);
    AWAIT_BODY("/health", "\"registry\":{\"status\":\"healthy\"", BOTH_PASSING);
    AWAIT_CASE(&orders, "/users/1", 200, .header = "X-Discovery-Source: consul"); /* a list is fresh for 1 s only */
}

/* order-service stays healthy too: /health shows its upstream, but does not depend on it. */
Test(order_discovery, all_critical_instances_are_still_called, .fini = teardown)
{
    setup_with(NULL);
    AWAIT_BODY("/health", BOTH_PASSING);
    server_kill(&world.redis); /* both user-services need it */
    AWAIT_BODY("/discovery", "\"panic\":true");
    AWAIT_BODY("/health", HEALTHY, "\"0 passing, 0 warning, 2 critical\"");
    EXPECT_CASES(&orders, {"/users/1", 200}, {"/orders/1", 200, .part = "\"degraded\":false"});
}

static void set_maintenance(const char *id, const char *enable)
{
    char url[300];
    struct probe_reply reply = {0};
    struct err err = ERR_INIT;
    snprintf(url, sizeof url, "%s/v1/agent/service/maintenance/%s?enable=%s", world.consul.url, id, enable);
    const struct probe_request request = {.method = "PUT", .url = url, .body = ""};
    cr_expect_eq(probe_send(NULL, &request, &reply, &err), 0, "%s", err.text);
    cr_expect_eq(reply.status, 200);
    probe_reply_close(&reply);
}

Test(order_discovery, instance_in_maintenance_is_never_called, .fini = teardown)
{
    setup_with(NULL);
    AWAIT_BODY("/health", BOTH_PASSING);
    set_maintenance("users-a", "true");
    AWAIT_BODY("/discovery/explain?service=user-service", "in maintenance");
    for (int i = 0; i < 8; i++)
        EXPECT_CASES(&orders, {"/users/1", 200, .header = "X-Upstream: users-b"});
    EXPECT_CASES(&orders, {"/discovery/explain?service=user-service", 200,
                           .part = "\"passed_over\":[{\"id\":\"users-a\",\"reason\":\"in maintenance\"}]"});

    set_maintenance("users-b", "true");
    AWAIT_BODY("/health", HEALTHY, "\"user-service\":{\"status\":\"unhealthy\"",
               "\"0 passing, 0 warning, 2 critical\"");
    EXPECT_CASES(&orders, {"/users/1", 503, .header = "Retry-After: 1"},
                 {"/discovery/explain?service=user-service", 200, .part = "\"id\":\"users-b\",\"reason\":\"in maintenance\""});
    set_maintenance("users-a", "false");
    AWAIT_BODY("/users/1", "\"User1\"");
}

/* Kills users-a, starts it again with this check, and waits until the new process is in the list. */
static void restart_users_a(const char *check)
{
    char port[32];
    proc_signal(&users[0].proc, SIGKILL);
    proc_wait(&users[0].proc, 60000);
    start_service(&users[0], &world, "user-service", (const char *[]){"SERVICE_ID=users-a", check, NULL});
    snprintf(port, sizeof port, "\"port\":%d,", users[0].port);
    AWAIT_BODY("/discovery", port);
}

Test(order_discovery, maintenance_outlives_a_restart, .fini = teardown)
{
    setup_with((const char *[]){"CALL_TIMEOUT=30s", NULL});
    AWAIT_BODY("/health", BOTH_PASSING);
    set_maintenance("users-a", "true");
    AWAIT_BODY("/discovery/explain?service=user-service", "in maintenance");
    static const char *const checks[] = {"SERVICE_CHECK=http", "SERVICE_CHECK=ttl", "SERVICE_CHECK=none"};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        restart_users_a(checks[i]);
        for (int call = 0; call < 8; call++)
            EXPECT_CASES(&orders, {"/users/1", 200, .header = "X-Upstream: users-b"});
    }
    set_maintenance("users-a", "false");
    AWAIT_BODY("/health", BOTH_PASSING);
}

Test(order_discovery, killed_or_hung_instance_fails_no_request, .fini = teardown)
{
    setup_with(NULL);
    AWAIT_BODY("/health", BOTH_PASSING);
    proc_signal(&users[0].proc, SIGKILL);
    proc_wait(&users[0].proc, 60000);
    for (int i = 0; i < 20; i++)
        EXPECT_CASES(&orders, {"/users/1", 200, .header = "X-Upstream: users-b"});

    char port[32];
    start_service(&users[0], &world, "user-service", (const char *[]){"SERVICE_ID=users-a", NULL});
    snprintf(port, sizeof port, "\"port\":%d,", users[0].port);
    AWAIT_BODY("/discovery", port);
    AWAIT_BODY("/health", BOTH_PASSING);
    proc_pause(&users[1].proc);
    for (int i = 0; i < 10; i++)
        EXPECT_CASES(&orders, {"/users/1", 200, .header = "X-Upstream: users-a"});
    proc_resume(&users[1].proc);
}

Test(order_discovery, no_instance_gives_503_with_the_lessons_words, .fini = teardown)
{
    setup_with(NULL);
    AWAIT_BODY("/health", BOTH_PASSING);
    service_stop(&users[0]);
    service_stop(&users[1]);
    /* The last instance stays in the list until it refuses a connection. */
    AWAIT_BODY("/users/1", "No healthy user-service instances");
    EXPECT_CASES(&orders,
                 {"/discovery", 200, .part = "\"instances\":[]"},
                 {"/users/1", 503, .header = "Retry-After: 1", .part = "\"detail\":\"No healthy user-service instances"},
                 {"/discovery/explain?service=user-service", 200, .part = "\"instance\":null"},
                 {"/orders/1", 200, .part = "\"user\":null,\"degraded\":true}"},
                 {"/health", 200});
}
