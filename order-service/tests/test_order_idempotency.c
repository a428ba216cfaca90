/* One key, one order: whoever repeats, however often, through whichever instance. */
#include <pthread.h>

#include "service/tests/http_case.h"

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

Test(order_idempotency, a_repeated_key_gets_the_first_reply_and_makes_no_second_order, .init = setup, .fini = teardown)
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

Test(order_idempotency, a_key_is_1_to_255_printable_characters, .init = setup, .fini = teardown)
{
    char longest[300] = "Idempotency-Key: ", longer[300] = "Idempotency-Key: ";
    memset(longest + 17, 'k', 255);
    memset(longer + 17, 'k', 256);
    EXPECT_CASES(&orders,
                 {"/orders", 201, .body = BOOK, .headers = {longest}},
                 {"/orders", 201, .body = BOOK, .headers = {longest}},
                 {"/orders", 400, .body = BOOK, .headers = {longer}},
                 {"/orders", 400, .body = BOOK, .headers = {"Idempotency-Key;"}}, /* curl: sent, and empty */
                 {"/orders", 400, .body = BOOK, .headers = {"Idempotency-Key: \xe4\xb9\xa6"}},
                 {"/orders", 400, .body = BOOK, .headers = {"Idempotency-Key: a", "Idempotency-Key: b"}},
                 {"/orders", 201, .body = BOOK, .headers = {"Idempotency-Key: '; DROP TABLE orders; --"}});
    expect_count("orders WHERE user_id = 7", 2);
}

Test(order_idempotency, only_a_201_is_remembered, .init = setup, .fini = teardown)
{
    EXPECT_CASES(&orders,
                 {"/orders", 422, .body = "{\"user_id\":\"5000\",\"item\":\"book\",\"quantity\":2}", KEY("k")},
                 {"/orders", 422, .body = "{}", KEY("k")},
                 {"/orders", 400, .body = "{", KEY("k")});
    expect_count("idempotency_keys", 0);
    EXPECT_CASES(&orders, {"/orders", 201, .body = BOOK, KEY("k")});
}

Test(order_idempotency, a_repeated_key_is_answered_before_the_user_is_verified, .init = setup, .fini = teardown)
{
    EXPECT_CASES(&orders, {"/orders", 201, .body = BOOK, KEY("k"), .reply = FIRST_REPLY});
    service_stop(&users);
    EXPECT_CASES(&orders,
                 {"/orders", 201, .body = BOOK, KEY("k"), .reply = FIRST_REPLY},
                 {"/orders", 503, .body = BOOK, KEY("k-new")},
                 {"/orders", 422, .body = "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":3}", KEY("k")});
}

/* --- Twenty at once -------------------------------------------------------------------------- */

struct asker {
    pthread_t thread;
    const struct service *service;
    int status;
    char body[200];
};

static void *ask(void *arg)
{
    struct asker *asker = arg;
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    struct err err = ERR_INIT;
    const char *const headers[] = {"Idempotency-Key: at-once", NULL};
    const struct probe_request request = {
        .url = service_url(asker->service, "/orders", url), .headers = headers, .body = BOOK};
    if (probe_send(NULL, &request, &reply, &err) == 0)
        asker->status = reply.status;
    snprintf(asker->body, sizeof asker->body, "%s", buf_text(&reply.body));
    probe_reply_close(&reply);
    return NULL;
}

Test(order_idempotency, twenty_at_once_through_two_instances_are_one_order, .init = setup, .fini = teardown)
{
    enum { ASKERS = 20 };
    struct asker askers[ASKERS] = {0};
    for (int i = 0; i < ASKERS; i++) {
        askers[i].service = i % 2 ? &orders : &others;
        pthread_create(&askers[i].thread, NULL, ask, &askers[i]);
    }
    for (int i = 0; i < ASKERS; i++)
        pthread_join(askers[i].thread, NULL);
    for (int i = 0; i < ASKERS; i++) {
        cr_expect_eq(askers[i].status, 201, "%s", askers[i].body);
        cr_expect_str_eq(askers[i].body, askers[0].body);
    }
    expect_count("orders WHERE user_id = 7", 1);
    expect_count("idempotency_keys", 1);
}

Test(order_idempotency, who_comes_while_the_first_is_not_committed_waits_for_it, .init = setup, .fini = teardown)
{
    /* Another client of the database holds the key, as an instance that was stopped half way would. */
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
    struct asker asker = {.service = &orders};
    ask(&asker);
    /* The key belongs to order 1 now, which is another one. */
    cr_expect_eq(asker.status, 422, "%d %s", asker.status, asker.body);
    expect_count("orders WHERE user_id = 7", 0);
    cr_expect(proc_wait(&holder, 60000));
}

Test(order_idempotency, a_key_counts_for_24_hours, .init = setup, .fini = teardown)
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

    /* Old keys are removed by the first order that an instance takes. */
    server_sql(&world.postgres, NULL, "UPDATE idempotency_keys SET created_at = now() - interval '25 hours'", &err);
    EXPECT_CASES(&others, {"/orders", 201, .body = BOOK, KEY("k-other")});
    expect_count("idempotency_keys", 1);
    cr_expect_eq(err.code, ERR_NONE, "%s", err.text);
}
