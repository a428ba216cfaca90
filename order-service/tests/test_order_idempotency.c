/* One Idempotency-Key makes one order: repeated at any time, any number of times,
 * through any instance. */
#include <pthread.h>

#include "service/tests/http_case.h"
#include "service/tests/service_case.h"

TestSuite(order_idempotency, .timeout = 300);

static struct world world;
static struct service users, orders, others;

static void setup(void)
{
    char instances[64];
    start_stores(&world);
    start_service(&users, &world, "user-service", NULL);
    snprintf(instances, sizeof instances, "STATIC_INSTANCES=user-service=127.0.0.1:%d", users.port);
    const char *const env[] = {instances, "CALL_TIMEOUT=20s", "DATABASE_TIMEOUT=30s", NULL};
    start_service(&orders, &world, "order-service", env);
    start_service(&others, &world, "order-service", env);
    cr_assert(await_status(&users, "/health", 200));
    cr_assert(await_status(&orders, "/health", 200));
    cr_assert(await_status(&others, "/health", 200));
}

static void teardown(void)
{
    cr_expect_eq(service_stop(&orders), 0);
    cr_expect_eq(service_stop(&others), 0);
    if (proc_is_running(&users.proc))
        service_stop(&users);
    world_stop(&world);
}

static void expect_count(const char *what, int count)
{
    char statement[200];
    struct err err = ERR_INIT;
    snprintf(statement, sizeof statement, "SELECT 1 / (count(*) = %d)::int FROM %s", count, what);
    cr_expect_eq(server_sql(&world.postgres, NULL, statement, &err), 0, "want %d %s", count, what);
}

#define BOOK "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":2}"
#define FIRST_REPLY "{\"id\":\"4\",\"user_id\":\"7\",\"item\":\"book\",\"quantity\":2}"
#define KEY(key) .headers = {"Idempotency-Key: " key}

Test(order_idempotency, repeated_key_gets_first_reply_and_no_second_order, .init = setup, .fini = teardown)
{
    EXPECT_CASES(&orders,
                 {"/orders", 201, .body = BOOK, KEY("k1"), .reply = FIRST_REPLY, .header = "Location: /orders/4"},
                 {"/orders", 201, .body = BOOK, KEY("k1"), .reply = FIRST_REPLY, .header = "Location: /orders/4"},
                 /* Other bytes, the same values. */
                 {"/orders", 201, .body = " {\"quantity\": 2, \"item\":\"b\\u006fok\", \"user_id\":\"7\"}", KEY("k1"),
                  .reply = FIRST_REPLY},
                 {"/orders", 201, .body = BOOK, .headers = {"Idempotency-Key: k1  "}, .reply = FIRST_REPLY});
    EXPECT_CASES(&others, {"/orders", 201, .body = BOOK, KEY("k1"), .reply = FIRST_REPLY, .header = "Location: /orders/4"});
    expect_count("orders WHERE user_id = 7", 1);

    EXPECT_CASES(&orders,
                 {"/orders", 422, .body = "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":3}", KEY("k1")},
                 {"/orders", 422, .body = "{\"user_id\":\"8\",\"item\":\"book\",\"quantity\":2}", KEY("k1")},
                 {"/orders", 422, .body = "{\"user_id\":\"7\",\"item\":\"Book\",\"quantity\":2}", KEY("k1")},
                 {"/orders", 400, .body = "{\"user_id\":\"7\"", KEY("k1")},
                 {"/orders", 201, .body = BOOK, KEY("k2")},
                 {"/orders", 201, .body = BOOK},
                 {"/orders", 201, .body = BOOK});
    expect_count("orders WHERE user_id = 7", 4);
}

Test(order_idempotency, key_is_1_to_255_printable_characters, .init = setup, .fini = teardown)
{
    char longest[300] = "Idempotency-Key: ", longer[300] = "Idempotency-Key: ";
    memset(longest + 17, 'k', 255);
    memset(longer + 17, 'k', 256);
    EXPECT_CASES(&orders,
                 {"/orders", 201, .body = BOOK, .headers = {longest}},
                 {"/orders", 201, .body = BOOK, .headers = {longest}},
                 {"/orders", 400, .body = BOOK, .headers = {longer}},
                 {"/orders", 400, .body = BOOK, .headers = {"Idempotency-Key;"}}, /* sent as an empty header */
                 {"/orders", 400, .body = BOOK, .headers = {"Idempotency-Key: \xe4\xb9\xa6"}},
                 {"/orders", 400, .body = BOOK, .headers = {"Idempotency-Key: a", "Idempotency-Key: b"}},
                 {"/orders", 201, .body = BOOK, .headers = {"Idempotency-Key: '; DROP TABLE orders; --"}});
    expect_count("orders WHERE user_id = 7", 2);
}

Test(order_idempotency, only_a_201_is_remembered_for_a_key, .init = setup, .fini = teardown)
{
    EXPECT_CASES(&orders,
                 {"/orders", 422, .body = "{\"user_id\":\"5000\",\"item\":\"book\",\"quantity\":2}", KEY("k")},
                 {"/orders", 422, .body = "{}", KEY("k")},
                 {"/orders", 400, .body = "{", KEY("k")});
    expect_count("idempotency_keys", 0);
    EXPECT_CASES(&orders, {"/orders", 201, .body = BOOK, KEY("k")});
}

Test(order_idempotency, repeated_key_is_answered_without_user_service, .init = setup, .fini = teardown)
{
    EXPECT_CASES(&orders, {"/orders", 201, .body = BOOK, KEY("k"), .reply = FIRST_REPLY});
    service_stop(&users);
    EXPECT_CASES(&orders,
                 {"/orders", 201, .body = BOOK, KEY("k"), .reply = FIRST_REPLY},
                 {"/orders", 503, .body = BOOK, KEY("k-new")},
                 {"/orders", 422, .body = "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":3}", KEY("k")});
}

/* --- Requests at the same time --------------------------------------------------------------- */

struct client {
    pthread_t thread;
    const struct service *service;
    int status;
    char body[200];
};

static void *post_order(void *arg)
{
    struct client *client = arg;
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    struct err err = ERR_INIT;
    const char *const headers[] = {"Idempotency-Key: at-once", NULL};
    const struct probe_request request = {
        .url = service_url(client->service, "/orders", url), .headers = headers, .body = BOOK};
    if (probe_send(NULL, &request, &reply, &err) == 0)
        client->status = reply.status;
    snprintf(client->body, sizeof client->body, "%s", buf_text(&reply.body));
    probe_reply_close(&reply);
    return NULL;
}

static void expect_one_order_for_twenty(void)
{
    enum { CLIENTS = 20 };
    struct client clients[CLIENTS] = {0};
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].service = i % 2 ? &orders : &others;
        pthread_create(&clients[i].thread, NULL, post_order, &clients[i]);
    }
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i].thread, NULL);
    for (int i = 0; i < CLIENTS; i++) {
        cr_expect_eq(clients[i].status, 201, "%s", clients[i].body);
        cr_expect_str_eq(clients[i].body, clients[0].body);
    }
    expect_count("orders WHERE user_id = 7", 1);
    expect_count("idempotency_keys", 1);
}

Test(order_idempotency, twenty_equal_keys_at_once_make_one_order, .init = setup, .fini = teardown)
{
    expect_one_order_for_twenty();
}

/* A default of the database holds for the sessions that begin after it. */
static void setup_isolated(const char *level)
{
    char statement[128];
    struct err err = ERR_INIT;
    setup();
    snprintf(statement, sizeof statement, "ALTER DATABASE lesson SET default_transaction_isolation = '%s'", level);
    cr_assert_eq(server_sql(&world.postgres, NULL, statement, &err), 0, "%s", err.text);
    server_stop(&world.postgres);
    cr_assert_eq(server_start(&world.postgres, &err), 0, "%s", err.text);
    cr_assert(await_status(&orders, "/orders/1", 200));
    cr_assert(await_status(&others, "/orders/1", 200));
    cr_assert(await_status(&users, "/users/7", 200));
}

Test(order_idempotency, twenty_keys_with_repeatable_read, .fini = teardown)
{
    setup_isolated("repeatable read");
    expect_one_order_for_twenty();
}

Test(order_idempotency, twenty_keys_with_serializable, .fini = teardown)
{
    struct err err = ERR_INIT;
    const char *statement =
        "CREATE FUNCTION want_read_committed() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
        " IF current_setting('transaction_isolation') <> 'read committed' THEN RAISE 'too strict'; END IF;"
        " RETURN NULL; END$$;"
        "CREATE TRIGGER level AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION want_read_committed()";
    setup_isolated("serializable");
    cr_assert_eq(server_sql(&world.postgres, NULL, statement, &err), 0, "%s", err.text);
    expect_one_order_for_twenty();
}

/* Two tries fail: one in its statement, one in its COMMIT. */
Test(order_idempotency, undone_transaction_is_repeated, .init = setup, .fini = teardown)
{
    struct err err = ERR_INIT;
    const char *statement =
        "CREATE SEQUENCE tries; CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
        " IF nextval('tries') = TG_ARGV[1]::int THEN RAISE 'met another' USING ERRCODE = TG_ARGV[0]; END IF;"
        " RETURN NULL; END$$;"
        "CREATE TRIGGER deadlock AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION meet('40P01', 1);"
        "CREATE CONSTRAINT TRIGGER serialization AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION meet('40001', 3)";
    cr_assert_eq(server_sql(&world.postgres, NULL, statement, &err), 0, "%s", err.text);
    EXPECT_CASES(&orders, {"/orders", 201, .body = BOOK});
    expect_count("orders WHERE user_id = 7", 1);
    server_sql(&world.postgres, NULL, "ALTER SEQUENCE tries RESTART", &err);
    EXPECT_CASES(&orders, {"/orders", 201, .body = BOOK, KEY("k")}, {"/orders", 201, .body = BOOK, KEY("k")});
    expect_count("orders WHERE user_id = 7", 2);
}

Test(order_idempotency, sequence_behind_its_rows_is_told, .init = setup, .fini = teardown)
{
    struct err err = ERR_INIT;
    server_sql(&world.postgres, NULL, "SELECT setval(pg_get_serial_sequence('orders', 'id'), 1)", &err);
    EXPECT_CASES(&orders,
                 {"/orders", 503, .body = BOOK, KEY("k"), .part = "it refused the values"},
                 {"/orders", 503, .body = BOOK, .part = "it refused the values"},
                 {"/orders", 201, .body = BOOK, KEY("k")}, /* both took an id of the sequence */
                 {"/orders", 201, .body = BOOK, KEY("k")});
    expect_count("orders WHERE user_id = 7", 1);
}

Test(order_idempotency, request_waits_for_an_uncommitted_equal_key, .init = setup, .fini = teardown)
{
    /* Another client of the database holds the key, like an instance that hangs before its commit. */
    struct err err = ERR_INIT;
    char log[PLACE_PATH_MAX + 16];
    struct proc holder;
    snprintf(log, sizeof log, "%s/holder.log", world.folder.path);
    const char *script = "BEGIN; INSERT INTO idempotency_keys (key, order_id) VALUES ('at-once', 1);"
                         " DO $$BEGIN RAISE NOTICE 'holding'; END$$; SELECT pg_sleep(0.5); COMMIT";
    const char *const argv[] = {"psql",      "--no-psqlrc", "--quiet", "--dbname", world.postgres.url,
                                "--command", script,        NULL};
    cr_assert_eq(proc_start(&holder, argv, NULL, log, &err), 0, "%s", err.text);
    cr_assert(proc_wait_output(&holder, "holding", NULL, 0, 60000));
    struct client client = {.service = &orders};
    post_order(&client);
    /* The key belongs to order 1 now, which has other values. */
    cr_expect_eq(client.status, 422, "%d %s", client.status, client.body);
    expect_count("orders WHERE user_id = 7", 0);
    cr_expect(proc_wait(&holder, 60000));
}

Test(order_idempotency, key_is_remembered_for_24_hours, .init = setup, .fini = teardown)
{
    struct err err = ERR_INIT;
    EXPECT_CASES(&orders, {"/orders", 201, .body = BOOK, KEY("k"), .reply = FIRST_REPLY});
    server_sql(&world.postgres, NULL, "UPDATE idempotency_keys SET created_at = now() - interval '23 hours 59 minutes'",
               &err);
    EXPECT_CASES(&orders, {"/orders", 201, .body = BOOK, KEY("k"), .reply = FIRST_REPLY});
    server_sql(&world.postgres, NULL, "UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 minute'",
               &err);
    EXPECT_CASES(&orders, {"/orders", 201, .body = BOOK, KEY("k"), .header = "Location: /orders/5"},
                 {"/orders", 201, .body = BOOK, KEY("k"), .header = "Location: /orders/5"});
    expect_count("idempotency_keys", 1);

    /* The first order that an instance stores removes old keys. */
    server_sql(&world.postgres, NULL, "UPDATE idempotency_keys SET created_at = now() - interval '25 hours'", &err);
    EXPECT_CASES(&others, {"/orders", 201, .body = BOOK, KEY("k-other")});
    expect_count("idempotency_keys", 1);
    cr_expect_eq(err.code, ERR_NONE, "%s", err.text);
}
