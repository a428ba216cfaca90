/* What user-service still serves while PostgreSQL or Redis is down or hangs. */
#include "base/clock.h"
#include "service/tests/cache_case.h"
#include "service/tests/http_case.h"
#include "service/tests/service_case.h"

TestSuite(user_outage, .timeout = 300);

static struct world world;
static struct service users;

static void setup(void)
{
    start_stores(&world);
    start_service(&users, &world, "user-service",
                  (const char *[]){"HEALTH_TIMEOUT=2s", "DATABASE_TIMEOUT=3s", NULL});
    cr_assert(await_status(&users, "/health", 200));
}

static void teardown(void)
{
    cr_expect_eq(service_stop(&users), 0);
    world_stop(&world);
}

/* Far above what the settings allow, so that the test also passes on a busy machine. */
enum { BOUNDED_MS = 12000 };

static void expect_bounded(const struct http_case *c)
{
    int64_t start = clock_ms();
    expect_case(NULL, &users, c);
    cr_expect_lt(clock_ms() - start, BOUNDED_MS, "%s", c->path);
}

#define EXPECT_BOUNDED(...) expect_bounded(&(struct http_case){__VA_ARGS__})

Test(user_outage, rows_come_from_postgresql_without_redis, .init = setup, .fini = teardown)
{
    server_kill(&world.redis);
    cr_expect(await_status(&users, "/health", 503));
    EXPECT_CASES(&users,
                 {"/users/5", 200, .header = "X-Cache: bypass", .part = "\"User5\""},
                 {"/users/5000", 404},
                 {"/users", 201, .body = "{\"name\":\"A\",\"email\":\"a@b.c\"}"},
                 {"/health", 503, .part = "{\"status\":\"unhealthy\""},
                 {"/health", 503, .part = "\"redis\":{\"status\":\"unhealthy\""},
                 {"/health", 503, .part = "\"postgres\":{\"status\":\"healthy\""},
                 {"/health/live", 200});

    struct err err = ERR_INIT;
    cr_assert_eq(server_start(&world.redis, &err), 0, "%s", err.text);
    cr_expect(await_status(&users, "/health", 200), "it recovers without a restart");
    expect_miss_then_hit(&users, "/users/5");
}

/* --- A failover of Redis: ours becomes a replica of another --- */

static void operate(const char *what)
{
    struct err err = ERR_INIT;
    char command[160], log[PLACE_PATH_MAX + 16];
    snprintf(command, sizeof command, "redis-cli -e -p %d %s", world.redis.port.number, what);
    snprintf(log, sizeof log, "%s/cli.log", world.redis.folder);
    cr_assert_eq(proc_run((const char *[]){"sh", "-c", command, NULL}, NULL, log, 10000, &err), 0, "%s", err.text);
}

static void follow(const char *master)
{
    char command[80];
    snprintf(command, sizeof command, "REPLICAOF %s", master);
    operate(command);
}

static int count_in_log(const char *text)
{
    char *output = proc_output(&users.proc);
    int count = 0;
    for (const char *at = output; (at = strstr(at, text)) != NULL; at++)
        count++;
    free(output);
    return count;
}

Test(user_outage, redis_replica_is_named_and_bypassed, .init = setup, .fini = teardown)
{
    struct err err = ERR_INIT;
    struct server other;
    char master[48];
    cr_assert_eq(server_init(&other, SERVER_REDIS, &world.folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_start(&other, &err), 0, "%s", err.text);
    expect_miss_then_hit(&users, "/users/5");

    snprintf(master, sizeof master, "127.0.0.1 %d", other.port.number);
    follow(master);
    AWAIT_CASE(&users, "/health", 503, .part = "Redis: READONLY");
    for (int i = 0; i < 5; i++)
        EXPECT_CASES(&users, {"/users/5", 200, .header = "X-Cache: bypass", .part = "\"User5\""});
    cr_expect_eq(count_in_log("msg=redis_down error=\"Redis: READONLY"), 1);

    follow("NO ONE");
    cr_expect(await_status(&users, "/health", 200), "it recovers without a restart");
    expect_miss_then_hit(&users, "/users/6");
    server_close(&other);
}

Test(user_outage, log_names_a_reason_found_at_reconnecting, .init = setup, .fini = teardown)
{
    expect_miss_then_hit(&users, "/users/5");
    operate("CONFIG SET requirepass new");
    operate("-a new --no-auth-warning CLIENT KILL TYPE normal");
    AWAIT_CASE(&users, "/health", 503, .part = "Redis: NOAUTH");
    cr_expect_eq(count_in_log("msg=redis_down error=\"Redis: the connection was closed\""), 1);
    cr_expect_eq(count_in_log("msg=redis_down error=\"Redis: NOAUTH"), 1);
    operate("-a new --no-auth-warning CONFIG SET requirepass ''");
    cr_expect(await_status(&users, "/health", 200));
}

Test(user_outage, hung_redis_delays_requests_only_briefly, .init = setup, .fini = teardown)
{
    expect_miss_then_hit(&users, "/users/5");
    server_pause(&world.redis);
    for (int i = 0; i < 20; i++)
        EXPECT_BOUNDED("/users/5", 200, .header = "X-Cache: bypass");
    EXPECT_BOUNDED("/users", 201, .body = "{\"name\":\"A\",\"email\":\"a@b.c\"}");
    cr_expect(await_status(&users, "/health", 503));
    EXPECT_BOUNDED("/health", 503, .part = "\"redis\":{\"status\":\"unhealthy\"");
    server_resume(&world.redis);
    cr_expect(await_status(&users, "/health", 200));
}

Test(user_outage, cached_users_are_served_without_postgresql, .init = setup, .fini = teardown)
{
    expect_miss_then_hit(&users, "/users/5");
    server_kill(&world.postgres);
    cr_expect(await_status(&users, "/health", 503));
    AWAIT_CASE(&users, "/users/5", 200, .header = "X-Cache: hit", .part = "\"User5\"");
    EXPECT_CASES(&users,
                 {"/users/6", 503, .header = "Retry-After: 1"},
                 {"/users", 503, .body = "{\"name\":\"A\",\"email\":\"a@b.c\"}", .header = "Retry-After: 1"},
                 {"/users", 422, .body = "{}"},
                 {"/health", 503, .part = "\"postgres\":{\"status\":\"unhealthy\""},
                 {"/health", 503, .part = "\"redis\":{\"status\":\"healthy\""});

    struct err err = ERR_INIT;
    cr_assert_eq(server_start(&world.postgres, &err), 0, "%s", err.text);
    cr_expect(await_status(&users, "/health", 200));
    EXPECT_CASES(&users, {"/users/6", 200});
}

Test(user_outage, hung_postgresql_is_503_in_bounded_time, .init = setup, .fini = teardown)
{
    expect_miss_then_hit(&users, "/users/5");
    server_pause(&world.postgres);
    EXPECT_BOUNDED("/users/6", 503, .header = "Retry-After: 1");
    EXPECT_BOUNDED("/users", 503, .body = "{\"name\":\"A\",\"email\":\"a@b.c\"}");
    AWAIT_CASE(&users, "/users/5", 200, .header = "X-Cache: hit");
    EXPECT_BOUNDED("/health", 503, .part = "\"postgres\":{\"status\":\"unhealthy\"");
    server_resume(&world.postgres);
    cr_expect(await_status(&users, "/health", 200));
    EXPECT_CASES(&users, {"/users/6", 200});
}

Test(user_outage, all_routes_answer_while_all_servers_hang, .init = setup, .fini = teardown)
{
    server_pause(&world.postgres);
    server_pause(&world.redis);
    cr_expect(await_status(&users, "/health", 503), "once the reused result is a second old");
    EXPECT_BOUNDED("/health", 503, .part = "\"redis\":{\"status\":\"unhealthy\"");
    EXPECT_BOUNDED("/users/5", 503);
    EXPECT_BOUNDED("/health/live", 200);
    EXPECT_BOUNDED("/metrics", 200);
    server_resume(&world.postgres);
    server_resume(&world.redis);
}

/* --- Servers that start later ----------------------------------------------------- */

static bool health_names_the_command(void *arg)
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    int status = probe_get(NULL, service_url(arg, "/health", url), &reply);
    bool named = status == 503 && strstr(buf_text(&reply.body), "make db-seed");
    probe_reply_close(&reply);
    return named;
}

Test(user_outage, servers_may_start_later_in_any_order)
{
    struct err err = ERR_INIT;
    cr_assert_eq(folder_take(&world.folder, &err), 0, "%s", err.text);
    server_init(&world.postgres, SERVER_POSTGRES, &world.folder, &err);
    server_init(&world.redis, SERVER_REDIS, &world.folder, &err);
    server_init(&world.consul, SERVER_CONSUL, &world.folder, &err);
    start_service(&users, &world, "user-service", NULL);
    EXPECT_CASES(&users,
                 {"/health/live", 200},
                 {"/health", 503, .part = "\"postgres\":{\"status\":\"unhealthy\""},
                 {"/users/5", 503, .header = "Retry-After: 1"});
    cr_expect(proc_wait_output(&users.proc, "msg=check_failing check=postgres", NULL, 0, 60000), "the log names what is missing");
    cr_expect(proc_wait_output(&users.proc, "msg=check_failing check=redis", NULL, 0, 60000));

    cr_assert_eq(server_start(&world.postgres, &err), 0, "%s", err.text);
    cr_expect(proc_wait_output(&users.proc, "msg=postgres_up", NULL, 0, 60000));
    EXPECT_CASES(&users, {"/users/5", 503, .part = "make db-seed"});
    cr_expect(wait_until(health_names_the_command, &users, 60000));
    cr_expect(proc_wait_output(&users.proc, "check=postgres detail=\"PostgreSQL: relation", NULL, 0, 60000),
              "the log has the new reason");
    cr_assert_eq(world_load_schema(&world, &err), 0, "%s", err.text);
    EXPECT_CASES(&users, {"/users/5", 200, .header = "X-Cache: bypass"});

    cr_assert_eq(server_start(&world.redis, &err), 0, "%s", err.text);
    cr_expect(await_status(&users, "/health", 200));
    cr_expect_eq(service_stop(&users), 0);
    world_stop(&world);
}

Test(user_outage, schema_may_be_loaded_again, .init = setup, .fini = teardown)
{
    struct err err = ERR_INIT;
    EXPECT_CASES(&users, {"/users", 201, .body = "{\"name\":\"A\",\"email\":\"a@b.c\"}", .header = "Location: /users/1001"});
    cr_expect_eq(world_load_schema(&world, &err), 0, "%s", err.text);
    EXPECT_CASES(&users,
                 {"/users/1001", 200},
                 {"/users", 201, .body = "{\"name\":\"B\",\"email\":\"b@b.c\"}", .header = "Location: /users/1002"});
}
