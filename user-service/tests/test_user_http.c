/* The documented HTTP interface of /users, on real PostgreSQL and Redis. */
#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "service/tests/cache_case.h"
#include "service/tests/http_case.h"
#include "service/tests/service_case.h"

TestSuite(user_http, .timeout = 300);

static struct world world;
static struct service users;

static void setup_with(const char *setting)
{
    start_stores(&world);
    start_service(&users, &world, "user-service", (const char *[]){setting, NULL});
    cr_assert(await_status(&users, "/health", 200));
}

static void setup(void)
{
    setup_with("DATABASE_TIMEOUT=20s");
}

static void setup_patient(void)
{
    setup_with("DATABASE_TIMEOUT=1m");
}

static void teardown(void)
{
    cr_expect_eq(service_stop(&users), 0);
    world_stop(&world);
}

#define USER_123 "{\"id\":\"123\",\"name\":\"User123\",\"email\":\"user123@example.com\"}"

static void expect_reading(void)
{
    expect_miss_then_hit(&users, "/users/123");
    AWAIT_CASE(&users, "/users/123", 200, .method = "HEAD", .header = "X-Cache: hit");
    EXPECT_CASES(&users,
                 {"/users/123", 200, .reply = USER_123},
                 {"/users/123", 200, .header = "Content-Type: application/json"},
                 {"/users/%31%32%33", 200, .reply = USER_123},
                 {"/users/123?x=1", 200, .reply = USER_123},
                 {"/users/123", 200, .method = "HEAD", .reply = ""},
                 {"/users/1", 200},
                 {"/users/1000", 200},
                 {"/users/1001", 404},
                 {"/users/9223372036854775807", 404});
}

static void expect_ids_checked(void)
{
    static const char *const wrong[] = {"/users/0", "/users/01", "/users/-1", "/users/+1", "/users/abc", "/users/1.0",
                                        "/users/1%20", "/users/%201", "/users/1%00", "/users/1%2F2", "/users/1e3",
                                        "/users/9223372036854775808", "/users/99999999999999999999", "/users/%D9%A1",
                                        "/users/1'%20OR%20'1'='1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        EXPECT_CASES(&users, {wrong[i], 400});
}

static void expect_paths_checked(void)
{
    EXPECT_CASES(&users,
                 {"/", 404},
                 {"/users", 405, .header = "Allow: POST"},
                 {"/users/", 404},
                 {"/users/123/", 404},
                 {"/users/123/orders", 404},
                 {"/users/123", 405, .method = "DELETE", .header = "Allow: GET, HEAD"},
                 {"/health", 405, .body = "{}", .header = "Allow: GET, HEAD"},
                 {"/health/live", 200, .reply = "{\"status\":\"alive\"}"},
                 {"/health/live", 200, .method = "HEAD", .reply = ""});
}

Test(user_http, reading_users_matches_the_documented_interface, .init = setup, .fini = teardown)
{
    expect_reading();
    expect_ids_checked();
    expect_paths_checked();
    /* Exactly the three checks, of exactly this shape. */
    char *health = body_of(&users, "/health");
    cr_expect_eq(strncmp(health, "{\"status\":\"healthy\",\"checks\":{", 30), 0, "%s", health);
    static const char *const names[] = {"\"postgres\":{\"status\":\"healthy\",\"latency_ms\":",
                                        "\"redis\":{\"status\":\"healthy\",\"latency_ms\":",
                                        "\"disk\":{\"status\":\"healthy\",\"latency_ms\":"};
    for (size_t i = 0; i < 3; i++)
        cr_expect(strstr(health, names[i]), "%s", health);
    free(health);
    cr_expect_geq(metric(&users, "users_cache_reads_total{result=\"miss\"}"), 1);
    cr_expect_geq(metric(&users, "users_cache_reads_total{result=\"hit\"}"), 2);
    cr_expect_gt(metric(&users, "process_resident_memory_bytes"), 0);
}

/* --- Adding ----------------------------------------------------------------------- */

#define PLAIN {"Content-Type: text/plain"}

static void expect_adding(void)
{
    EXPECT_CASES(&users,
                 {"/users", 201, .body = "{\"name\":\"Ann\",\"email\":\"Ann@Example.com\"}", .header = "Location: /users/1001",
                  .reply = "{\"id\":\"1001\",\"name\":\"Ann\",\"email\":\"Ann@Example.com\"}"});
    expect_miss_then_hit(&users, "/users/1001");
    EXPECT_CASES(&users,
                 {"/users/1001", 200, .reply = "{\"id\":\"1001\",\"name\":\"Ann\",\"email\":\"Ann@Example.com\"}"},
                 {"/users", 409, .body = "{\"name\":\"Eve\",\"email\":\"Ann@Example.com\"}"},
                 {"/users", 409, .body = "{\"name\":\"Eve\",\"email\":\"aNN@eXAMPLE.COM\"}"},
                 {"/users", 409, .body = "{\"name\":\"Eve\",\"email\":\"USER5@example.com\"}"},
                 {"/users", 201, .body = " {\"email\": \"q@x.y\", \"name\": \"\\\"\\\\\\u4e2d\"} ",
                  .part = "\"name\":\"\\\"\\\\\xe4\xb8\xad\""},
                 {"/users", 201, .body = "{\"name\":\"'; DROP TABLE users; --\",\"email\":\"sql@x.y\"}"},
                 {"/users", 201, .body = "{\"name\":\"More\",\"email\":\"more@x.y\",\"id\":\"5\",\"admin\":true}",
                  .part = ",\"name\":\"More\",\"email\":\"more@x.y\"}"},
                 {"/users", 201, .body = "{\"name\":\"Typed\",\"email\":\"typed@x.y\"}",
                  .headers = {"Content-Type: application/json; charset=utf-8"}});
}

static void expect_rejecting(void)
{
    EXPECT_CASES(&users,
                 {"/users", 415, .body = "{\"name\":\"A\",\"email\":\"a@b.c\"}", .headers = PLAIN},
                 {"/users", 415, .body = "{\"name\":\"A\",\"email\":\"a@b.c\"}", .headers = {"Content-Type:"}},
                 {"/users", 400, .method = "POST", .body = ""},
                 {"/users", 400, .body = "{\"name\":\"A\",\"email\":\"a@b.c\""},
                 {"/users", 400, .body = "{\"name\":\"A\",\"email\":\"a@b.c\"} x", .part = "something follows"},
                 {"/users", 400, .body = "{\"name\":\"A\",\"name\":\"B\",\"email\":\"a@b.c\"}"},
                 {"/users", 400, .body = "{\"name\":\"\xff\",\"email\":\"a@b.c\"}"},
                 {"/users", 422, .body = "[]"},
                 {"/users", 422, .body = "{}", .part = "name"},
                 {"/users", 422, .body = "{\"name\":\"A\"}", .part = "email"},
                 {"/users", 422, .body = "{\"name\":7,\"email\":\"a@b.c\"}", .part = "name"},
                 {"/users", 422, .body = "{\"name\":\"\",\"email\":\"a@b.c\"}"},
                 {"/users", 422, .body = "{\"name\":\"A\\u0000\",\"email\":\"a@b.c\"}", .part = "\\u0000 is not supported"},
                 {"/users", 422, .body = "{\"name\":\"A\\n\",\"email\":\"a@b.c\"}"},
                 {"/users", 422, .body = "{\"name\":\"A\",\"email\":\"abc\"}"},
                 {"/users", 422, .body = "{\"name\":\"A\",\"email\":\"a@b@c\"}"},
                 {"/users", 422, .body = "{\"name\":\"A\",\"email\":null}"});
}

static void expect_blanks_rejected(void)
{
    static const char *const blanks[] = {"   ", "\\u00a0", "\\u200b", "\\u200b \\u2028", "\\u2060\\ufeff", "\\u3000",
                                         "\\u2800", "\\u3164", "\xe2\x80\x8b", "\\udb40\\udc20", "\\u202e", "\\ufe0f"};
    char body[128];
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        snprintf(body, sizeof body, "{\"name\":\"%s\",\"email\":\"blank@b.c\"}", blanks[i]);
        EXPECT_CASES(&users, {"/users", 422, .body = body, .part = "name: want a text of 1 to 100 characters, at"});
        snprintf(body, sizeof body, "{\"name\":\"A\",\"email\":\"%s@%s\"}", blanks[i], blanks[i]);
        EXPECT_CASES(&users, {"/users", 422, .body = body, .part = "email: want"});
    }
    EXPECT_CASES(&users,
                 {"/users", 422, .body = "{\"name\":\"A\",\"email\":\" ann@example.com\"}", .part = "no blank"},
                 {"/users", 201, .body = "{\"name\":\" \\u200bA \",\"email\":\"around@x.y\"}",
                  .part = "\"name\":\" \xe2\x80\x8b" "A \""});
}

static void expect_sizes_checked(void)
{
    static char body[70 * 1024], deep[1024];
    memset(body, ' ', sizeof body - 1);
    /* Repeated, because a client that is still sending may not read the reply. */
    AWAIT_CASE(&users, "/users", 413, .body = body, .part = "\"status\":413");
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    EXPECT_CASES(&users, {"/users", 400, .body = deep});
}

Test(user_http, adding_users_matches_the_documented_interface, .init = setup, .fini = teardown)
{
    expect_adding();
    expect_rejecting();
    expect_blanks_rejected();
    expect_sizes_checked();
    EXPECT_CASES(&users, {"/users/5", 200, .part = "\"name\":\"User5\""}); /* unchanged */
}

static void sql(const char *statement)
{
    char log[PLACE_PATH_MAX + 16];
    struct err err = ERR_INIT;
    snprintf(log, sizeof log, "%s/psql.log", world.postgres.folder);
    const char *const argv[] = {"psql",      "--no-psqlrc", "--quiet", "--dbname", world.postgres.url,
                                "--command", statement,     NULL};
    cr_assert_eq(proc_run(argv, NULL, log, 10000, &err), 0, "%s", err.text);
}

Test(user_http, refusal_of_postgresql_names_no_constraint, .init = setup, .fini = teardown)
{
    sql("ALTER TABLE users ADD CONSTRAINT secret_rule CHECK (name <> 'Forbidden')");
    EXPECT_CASES(&users,
                 {"/users", 422, .body = "{\"name\":\"Forbidden\",\"email\":\"f@x.y\"}",
                  .part = "\"detail\":\"PostgreSQL: it refused the values or the statement; its log says why\""});
}

/* --- Heads ------------------------------------------------------------------------ */

/* Sends bytes on a new connection and returns all that the service replies until it closes. */
static char *exchange(const char *bytes)
{
    static char reply[4096];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)users.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    cr_assert_eq(send(fd, bytes, strlen(bytes), MSG_NOSIGNAL), (ssize_t)strlen(bytes));
    size_t len = 0;
    for (ssize_t n; (n = recv(fd, reply + len, sizeof reply - 1 - len, 0)) > 0;)
        len += (size_t)n;
    reply[len] = '\0';
    close(fd);
    return reply;
}

Test(user_http, invalid_head_is_400_and_large_head_is_served, .init = setup, .fini = teardown)
{
    static const char *const heads[] = {"Content-Length : 5", "Content-Length: +2", ": x", "X: a\rb", "Host: a b/c"};
    static char large[24 * 1024];
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        char request[200];
        snprintf(request, sizeof request, "GET /users/1 HTTP/1.1\r\n%s%s\r\n\r\n", i < 4 ? "Host: h\r\n" : "",
                 heads[i]);
        char *reply = exchange(request);
        cr_expect(strncmp(reply, "HTTP/1.1 400 ", 13) == 0 && strstr(reply, "application/problem+json"), "%s: %s",
                  heads[i], reply);
        cr_expect_null(strstr(reply + 1, "HTTP/1.1 400"), "one status line: %s", reply);
    }
    size_t len = (size_t)sprintf(large, "GET /users/1 HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 200; i++)
        len += (size_t)sprintf(large + len, "X-Header-%d: %d\r\n", i, i);
    len += (size_t)sprintf(large + len, "Cookie: a=%0*d\r\n\r\n", 12000, 0);
    char *reply = exchange(large);
    cr_expect_eq(strncmp(reply, "HTTP/1.1 200 ", 13), 0, "%s", reply);
}

/* --- The cache -------------------------------------------------------------------- */

static void redis_do_3(const char *command, const char *key, const char *value, const char *last)
{
    char port[16], log[PLACE_PATH_MAX + 16];
    struct err err = ERR_INIT;
    snprintf(port, sizeof port, "%d", world.redis.port.number);
    snprintf(log, sizeof log, "%s/cli.log", world.redis.folder);
    const char *const argv[] = {"redis-cli", "-p", port, command, key, value, last, NULL};
    cr_assert_eq(proc_run(argv, NULL, log, 10000, &err), 0, "%s", err.text);
}

static void redis_do(const char *command, const char *key, const char *value)
{
    redis_do_3(command, key, value, NULL);
}

static long cache_reads(void)
{
    return metric(&users, "users_cache_reads_total{result=\"miss\"}") +
           metric(&users, "users_cache_reads_total{result=\"bypass\"}");
}

static void *get_77(void *arg)
{
    char *body = body_of(arg, "/users/77");
    bool right = strcmp(body, "{\"id\":\"77\",\"name\":\"User77\",\"email\":\"user77@example.com\"}") == 0;
    free(body);
    return right ? arg : NULL;
}

Test(user_http, cache_entry_of_another_user_is_not_served, .init = setup, .fini = teardown)
{
    redis_do("SET", "user:9", "garbage");
    redis_do("SET", "user:10", "{\"id\":\"11\",\"name\":\"Wrong\",\"email\":\"w@x.y\"}");
    redis_do("LPUSH", "user:12", "a list, not a string");
    expect_miss_then_hit(&users, "/users/9");
    expect_miss_then_hit(&users, "/users/10");
    EXPECT_CASES(&users,
                 {"/users/9", 200, .part = "\"User9\""},
                 {"/users/10", 200, .part = "\"User10\""});
    /* The cache is older than the database: the new user 1001 is not the old one. */
    redis_do("SET", "user:1001", "{\"id\":\"1001\",\"name\":\"Old\",\"email\":\"o@x.y\"}");
    EXPECT_CASES(&users,
                 {"/users", 201, .body = "{\"name\":\"New\",\"email\":\"n@x.y\"}", .header = "Location: /users/1001"},
                 {"/users/1001", 200, .part = "\"New\""});
}

/* Puts a foreign value at user:8; the read must be a miss that overwrites it. */
static void expect_overwritten(const char *command, const char *value)
{
    redis_do("DEL", "user:8", NULL);
    redis_do(command, "user:8", value);
    expect_miss_then_hit(&users, "/users/8");
    EXPECT_CASES(&users,
                 {"/users/8", 200, .reply = "{\"id\":\"8\",\"name\":\"User8\",\"email\":\"user8@example.com\"}"});
}

static bool has_logged_refusal(void)
{
    char *output = proc_output(&users.proc);
    bool logged = strstr(output, "msg=cache_entry_refused key=user:8 ") != NULL;
    free(output);
    return logged;
}

Test(user_http, foreign_cache_entry_is_a_miss_and_overwritten, .init = setup, .fini = teardown)
{
    static const char *const values[] = {
        "{\"id\":\"8\",garbage}",
        "",
        "{\"id\":\"8\",\"name\":\"User8\",\"email\":\"user8@example.com\"",
        "{\"id\":\"8\",\"name\":\"User8\",\"email\":\"user8@example.com\"} ",
        "{\"id\":\"8\",\"name\":\"User8\",\"email\":\"user8@example.com\",\"password\":\"x\"}",
        "{\"id\":\"8\",\"name\":\"\xff\",\"email\":\"user8@example.com\"}",
        "{\"id\":\"8\",\"name\":\" \xe2\x80\x8b\",\"email\":\"user8@example.com\"}",
        "{\"id\":\"8\",\"name\":\"User8\",\"email\":\"user8@example.com \"}",
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        expect_overwritten("SET", values[i]);
    expect_overwritten("LPUSH", "a list, not a string");
    cr_expect(has_logged_refusal());
}

/* SETRANGE fills up with zero bytes. Redis would need seconds to send all of it. */
Test(user_http, huge_cache_entry_is_never_read_whole, .init = setup, .fini = teardown)
{
    long connects = 1;
    for (int i = 0; i < 5 && connects > 0; i++) { /* on a machine that stalls, Redis may need more than its 100 ms */
        long before = metric(&users, "redis_connects_total");
        redis_do_3("SETRANGE", "user:8", "100000000", "x");
        expect_miss_then_hit(&users, "/users/8");
        connects = metric(&users, "redis_connects_total") - before;
    }
    cr_expect_eq(connects, 0, "a reply that comes late breaks the connection");
}

Test(user_http, simultaneous_misses_of_a_user_cost_one_query, .init = setup_patient, .fini = teardown)
{
    enum { CLIENTS = 40 };
    pthread_t clients[CLIENTS];
    long before = metric(&users, "postgres_reads_total");
    server_pause(&world.postgres); /* all requests arrive while the first one waits */
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&clients[i], NULL, get_77, &users);
    cr_expect(await_status(&users, "/health/live", 200));
    while (cache_reads() < CLIENTS) {
    }
    server_resume(&world.postgres);
    for (int i = 0; i < CLIENTS; i++) {
        void *ok;
        pthread_join(clients[i], &ok);
        cr_expect(ok);
    }
    cr_expect_eq(metric(&users, "postgres_reads_total") - before, 1);
}
