/* What happens to PostgreSQL in operation: migrations, read-only times, an absent standby. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "scene.h"
#include "scene_requests.h"

TestSuite(order_database, .timeout = 300);

/* --- The scene: one user-service without a cache, and an order-service -------------------- */

static const char *const body = "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":1}";

/* As PostgreSQL's superuser, who may write whatever the database's default is. */
static void admin(const char *statement)
{
    struct server server = world.postgres;
    snprintf(server.url, sizeof server.url, 
             "postgresql://postgres@127.0.0.1:%d/lesson?options=-cdefault_transaction_read_only%%3Doff",
             server.port.number);
    cr_expect_eq(server_sql(&server, NULL, statement, &err), 0, "%s: %s", statement, err.text);
    err_clear(&err);
}

/* Whether this is true of pg_stat_activity. */
static bool holds(void *condition)
{
    char sql[256];
    struct err ignored = ERR_INIT;
    snprintf(sql, sizeof sql, "DO $$ BEGIN ASSERT (SELECT %s FROM pg_stat_activity); END $$", (const char *)condition);
    return server_sql(&world.postgres, NULL, sql, &ignored) == 0;
}

static void open_with(const char *user_timeout, const char *order_timeout)
{
    open_world();
    server_stop(&world.redis); /* so that each read reaches PostgreSQL */
    user_settings[0] = user_timeout;
    order_settings[0] = order_timeout;
    start_user(0);
    start_orders();
    await_reply(&orders, "/users/7", 200, "User7");
}

/* So long that a machine which stalls for a moment fails no statement. */
static void open_services(void)
{
    open_with("DATABASE_TIMEOUT=20s", "DATABASE_TIMEOUT=20s");
}

static void close_services(void)
{
    cr_expect_eq(service_stop(&orders), 0);
    cr_expect_eq(service_stop(&users[0]), 0);
    close_world();
}

static int post(const struct service *service, const char *path, const char *json, const char *key,
                struct probe_reply *reply)
{
    char url[SERVICE_URL_MAX], header[96];
    struct err cause = ERR_INIT;
    snprintf(header, sizeof header, "Idempotency-Key: %s", key ? key : "");
    const struct probe_request request = {.url = service_url(service, path, url),
                                          .headers = key ? (const char *const[]){header, NULL} : NULL,
                                          .body = json};
    return probe_send(NULL, &request, reply, &cause) == 0 ? reply->status : 0;
}

static void expect_order(int status, const char *key, const char *text)
{
    struct probe_reply reply = {0};
    cr_expect_eq(post(&orders, "/orders", body, key, &reply), status, "%s", buf_text(&reply.body));
    cr_expect(strstr(buf_text(&reply.body), text), "%s", buf_text(&reply.body));
    probe_reply_close(&reply);
}

struct uncertain {
    const char *key, *text;
};

/* A commit that is not confirmed. (If the machine stalls before the commit, the reply says that nothing is stored.) */
static bool order_is_uncertain(void *arg)
{
    const struct uncertain *uncertain = arg;
    struct probe_reply reply = {0};
    cr_expect_eq(post(&orders, "/orders", body, uncertain->key, &reply), 503, "%s", buf_text(&reply.body));
    bool is = strstr(buf_text(&reply.body), uncertain->text) != NULL;
    probe_reply_close(&reply);
    return is;
}

static void expect_uncertain(const char *key, const char *text)
{
    cr_expect(wait_until(order_is_uncertain, &(struct uncertain){key, text}, PATIENCE_MS), "%s", text);
}

static bool order_is_placed(void *key)
{
    struct probe_reply reply = {0};
    int status = post(&orders, "/orders", body, key, &reply);
    probe_reply_close(&reply);
    return status == 201;
}

static int lines_of(const struct service *service, const char *text)
{
    int count = 0;
    char *output = proc_output(&service->proc);
    for (const char *at = strstr(output, text); at; at = strstr(at + 1, text))
        count++;
    free(output);
    return count;
}

/* --- Migrations -------------------------------------------------------------------------- */

Test(order_database, migration_fails_no_request, .init = open_services, .fini = close_services)
{
    char url[SERVICE_URL_MAX];
    struct load_count count;
    struct load *load = load_start(service_url(&users[0], "/users/", url), 8, 50);
    expect_order(201, NULL, "book");
    for (int i = 0; i < 10; i++) {
        admin(i % 2 ? "ALTER TABLE users ALTER COLUMN name TYPE text"
                    : "ALTER TABLE users ALTER COLUMN name TYPE varchar(200)");
        admin(i % 2 ? "ALTER TABLE orders ALTER COLUMN item TYPE text"
                    : "ALTER TABLE orders ALTER COLUMN item TYPE varchar(900)");
        cr_expect_eq(get_status(&orders, "/orders/1", NULL), 200);
        expect_order(201, NULL, "book");
    }
    load_stop(load, &count);
    expect_no_failure(&count, "migration");
}

Test(order_database, lasting_error_is_logged_once, .init = open_services, .fini = close_services)
{
    admin("ALTER TABLE users RENAME COLUMN name TO called");
    for (int i = 0; i < 20; i++)
        cr_expect_eq(get_status(&users[0], "/users/8", NULL), 503);
    cr_expect_eq(lines_of(&users[0], "msg=postgres_error sqlstate=42703"), 1);
    admin("ALTER TABLE users RENAME COLUMN called TO name");
    cr_expect_eq(get_status(&users[0], "/users/8", NULL), 200);
}

/* --- Read-only for a while --------------------------------------------------------------- */

static void expect_read_only(void)
{
    await_reply(&orders, "/health", 503, "PostgreSQL is read-only");
    await_reply(&users[0], "/health", 503, "only reads work: PostgreSQL is read-only"); /* 503: there is no Redis */
    expect_order(503, NULL, "PostgreSQL is read-only");
    cr_expect(lines_of(&orders, "msg=postgres_error sqlstate=\"\" error=\"PostgreSQL is read-only") == 1);
    cr_expect_eq(get_status(&orders, "/orders/1", NULL), 200);
    cr_expect_eq(get_status(&users[0], "/users/8", NULL), 200);
}

static void expect_writable(void)
{
    await(order_is_placed, NULL, PATIENCE_MS, "an order is placed again");
    await_reply(&orders, "/health", 200, "\"postgres\":{\"status\":\"healthy\"");
}

Test(order_database, read_only_sessions_are_replaced, .init = open_services, .fini = close_services)
{
    char url[SERVICE_URL_MAX];
    struct load_count count;
    expect_order(201, NULL, "book");
    admin("ALTER DATABASE lesson SET default_transaction_read_only = on");
    admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'lesson'");
    expect_read_only();
    struct load *load = load_start(service_url(&users[0], "/users/", url), 8, 50);
    admin("ALTER DATABASE lesson RESET default_transaction_read_only");
    admin("CREATE TABLE writable AS SELECT now() AS since");
    admin("GRANT SELECT ON writable TO lesson");
    expect_writable();
    await(holds, "count(*) FILTER (WHERE usename = 'lesson' AND backend_start < (SELECT since FROM writable)) = 0",
          PATIENCE_MS, "no connection is left that only reads");
    load_stop(load, &count);
    expect_no_failure(&count, "reads, while the connections are replaced");
}

Test(order_database, orders_are_placed_after_a_promotion, .init = open_services, .fini = close_services)
{
    char signal[PLACE_PATH_MAX + 64];
    server_stop(&world.postgres);
    snprintf(signal, sizeof signal, "%s/data/standby.signal", world.postgres.folder);
    FILE *file = fopen(signal, "w");
    cr_assert(file);
    fclose(file);
    start_server(&world.postgres);
    expect_read_only();
    admin("SELECT pg_promote()");
    expect_writable();
}

/* --- Reads work, and no write does --------------------------------------------------------- */

static void expect_no_writes(const char *fault, const char *repair, const char *text)
{
    char detail[160];
    struct probe_reply reply = {0};
    snprintf(detail, sizeof detail, "only reads work: PostgreSQL: %s", text);
    expect_order(201, NULL, "book");
    admin(fault);
    expect_order(503, NULL, text);
    await_reply(&orders, "/health", 503, text);
    cr_expect_eq(get_status(&orders, "/orders/1", NULL), 200);
    cr_expect_eq(post(&users[0], "/users", "{\"name\":\"A\",\"email\":\"a@b\"}", NULL, &reply), 503);
    probe_reply_close(&reply);
    await_reply(&users[0], "/health", 503, detail); /* 503: there is no Redis */
    admin(repair);
    expect_writable();
}

/* The error of a full disk, without a full disk. */
Test(order_database, full_disk_shows_in_health, .init = open_services, .fini = close_services)
{
    admin("CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS "
          "'BEGIN RAISE ''could not extend file: No space left on device'' USING ERRCODE = ''53100''; END'");
    expect_no_writes("CREATE TRIGGER fill BEFORE INSERT ON orders EXECUTE FUNCTION fill();"
                     "CREATE TRIGGER fill BEFORE INSERT ON users EXECUTE FUNCTION fill()",
                     "DROP TRIGGER fill ON orders; DROP TRIGGER fill ON users", "could not extend file");
}

Test(order_database, missing_permission_shows_in_health, .init = open_services, .fini = close_services)
{
    expect_no_writes("REVOKE INSERT ON orders, users FROM lesson", "GRANT INSERT ON orders, users TO lesson",
                     "permission denied for table");
}

/* --- The commit waits for a standby that is not there --------------------------------------- */

static atomic_int placing;

static void *place_order(void *arg)
{
    (void)arg;
    order_is_placed(NULL);
    placing--;
    return NULL;
}

/* More at once than the pool has connections. */
static void place_many(void)
{
    enum { MANY = 24 };
    /* 2 for reads and 8 for transactions of order-service, 2 and 1 of user-service. (Those of this test take a moment
     * to end, too.) */
    static char within_bound[] =
        "count(*) FILTER (WHERE usename = 'lesson' AND application_name <> '" SERVER_SQL_NAME "') <= 13";
    pthread_t threads[MANY];
    placing = MANY;
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, place_order, NULL), 0);
    do
        cr_expect(holds(within_bound));
    while (placing > 0);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
}

static void open_impatient(void)
{
    open_with("DATABASE_TIMEOUT=9s", "DATABASE_TIMEOUT=1s");
}

Test(order_database, commit_without_standby_is_cancelled, .init = open_impatient, .fini = close_services)
{
    char url[SERVICE_URL_MAX], key[32];
    struct load_count count;
    struct probe_reply reply = {0};
    struct load *load = load_start(service_url(&users[0], "/users/", url), 4, 50);
    admin("ALTER SYSTEM SET synchronous_standby_names = 'gone'");
    admin("SELECT pg_reload_conf()");
    for (int i = 0; i < 12; i++) { /* three times what the pool has */
        snprintf(key, sizeof key, "key-%d", i);
        expect_uncertain(key, "the order may exist: repeat the request with the same Idempotency-Key");
    }
    place_many();
    await(holds, "count(*) FILTER (WHERE wait_event = 'SyncRep') = 0", PATIENCE_MS, "no commit waits");
    cr_expect_eq(post(&users[0], "/users", "{\"name\":\"A\",\"email\":\"a@b\"}", NULL, &reply), 503);
    cr_expect(strstr(buf_text(&reply.body), "409 means that the user exists"), "%s", buf_text(&reply.body));
    for (int i = 0; i < 12; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        await(order_is_placed, key, PATIENCE_MS, "the key finds its order");
    }
    cr_expect_eq(post(&users[0], "/users", "{\"name\":\"A\",\"email\":\"a@b\"}", NULL, &reply), 409);
    probe_reply_close(&reply);
    load_stop(load, &count);
    expect_no_failure(&count, "reads, while no commit is confirmed");

    admin("ALTER SYSTEM RESET synchronous_standby_names");
    admin("SELECT pg_reload_conf()");
    expect_writable();
}

/* Otherwise Consul's check reads from PostgreSQL each second, and a reply to that says that PostgreSQL is up. */
static void open_without_check(void)
{
    order_settings[1] = "SERVICE_CHECK=none";
    open_impatient();
}

/* Whether the first commit that times out leaves the log as it is. (After a later one, the reply to the
 * cancellation of the one before may say that PostgreSQL is up.) */
static bool outage_is_suspected_silently(void)
{
    cr_expect_eq(service_stop(&orders), 0);
    start_orders();
    await_reply(&orders, "/orders/1", 200, "book");
    expect_uncertain(NULL, "the outcome is unknown");
    await_reply(&orders, "/orders/1", 200, "book");
    return lines_of(&orders, "msg=postgres_down") == 0;
}

static bool up_is_logged_last(void *arg)
{
    (void)arg;
    return lines_of(&orders, "msg=postgres_up") == lines_of(&orders, "msg=postgres_down") + 1;
}

static bool down_is_logged_last(void *arg)
{
    (void)arg;
    return lines_of(&orders, "msg=postgres_up") == lines_of(&orders, "msg=postgres_down");
}

Test(order_database, only_true_outages_are_logged, .init = open_without_check, .fini = close_services)
{
    bool silently = false;
    expect_order(201, NULL, "book");
    admin("ALTER SYSTEM SET synchronous_standby_names = 'gone'");
    admin("SELECT pg_reload_conf()");
    for (int i = 0; i < 5 && !silently; i++) /* if the machine stalls, a ping is answered late */
        silently = outage_is_suspected_silently();
    cr_expect(silently);
    await(up_is_logged_last, NULL, PATIENCE_MS, "an answered ping ends each outage");
    admin("ALTER SYSTEM RESET synchronous_standby_names");
    for (int i = 0; i < 3; i++) {
        server_stop(&world.postgres);
        await(down_is_logged_last, NULL, PATIENCE_MS, "the outage is logged");
        start_server(&world.postgres);
        await_reply(&orders, "/orders/1", 200, "book");
        await(up_is_logged_last, NULL, PATIENCE_MS, "its end is logged once");
    }
}
