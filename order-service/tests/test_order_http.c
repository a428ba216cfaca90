/* The HTTP interface of order-service, as docs/reference.md describes it, on real
 * servers. user-service is in the static list; test_order_discovery.c uses a registry. */
#include "service/tests/http_case.h"
#include "service/tests/service_case.h"

TestSuite(order_http, .timeout = 300);

static struct world world;
static struct service users, orders;

static void setup_with(const char *call_timeout)
{
    char instances[64];
    start_stores(&world);
    start_service(&users, &world, "user-service",
                  (const char *[]){"SERVICE_ID=users-1", "LOG_LEVEL=debug", "DATABASE_TIMEOUT=20s", NULL});
    snprintf(instances, sizeof instances, "STATIC_INSTANCES=user-service=127.0.0.1:%d", users.port);
    start_service(&orders, &world, "order-service",
                  (const char *[]){instances, call_timeout, "DATABASE_TIMEOUT=20s", NULL});
    cr_assert(await_status(&users, "/health", 200));
    cr_assert(await_status(&orders, "/health", 200));
}

static void setup(void)
{
    setup_with("CALL_TIMEOUT=20s");
}

/* For tests in which calls hang. */
static void setup_short_timeout(void)
{
    setup_with("CALL_TIMEOUT=2s");
}

static void teardown(void)
{
    cr_expect_eq(service_stop(&orders), 0);
    if (proc_is_running(&users.proc))
        service_stop(&users);
    world_stop(&world);
}

/* --- GET / ---------------------------------------------------------------------------------- */

static void expect_index(const char *accept, const char *languages, const char *header, const char *part)
{
    EXPECT_CASES(&orders, {"/", 200, .headers = {accept, languages}, .header = header, .part = part});
}

Test(order_http, browser_gets_a_page_that_names_the_routes, .init = setup, .fini = teardown)
{
    static const char browser[] = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    static const char *const parts[] = {"<html lang=\"en\">", "/users/{id}", "/orders/{id}", "POST /orders", "/discovery",
                                        "/discovery/explain", "/health", "/metrics", "http://127.0.0.1:8088"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        expect_index(browser, NULL, "Content-Type: text/html; charset=utf-8", parts[i]);
    expect_index(browser, "Accept-Language: zh-CN,zh;q=0.9,en;q=0.8", "Vary: Accept, Accept-Language", "<html lang=\"zh-CN\">");
    expect_index(browser, "Accept-Language: en,zh;q=0.5", "Vary: Accept, Accept-Language", "<html lang=\"en\">");
    expect_index("Accept: */*", NULL, "Content-Type: application/json", "\"GET /users/{id}\"");
    EXPECT_CASES(&orders, {"/", 405, .body = "{}", .header = "Allow: GET, HEAD"});
}

/* --- GET ---------------------------------------------------------------------------------- */

#define USER_7 "{\"id\":\"7\",\"name\":\"User7\",\"email\":\"user7@example.com\"}"
#define ORDER_1 "{\"id\":\"1\",\"user_id\":\"1\",\"item\":\"book\",\"quantity\":1,"
#define USER_1 "{\"id\":\"1\",\"name\":\"User1\",\"email\":\"user1@example.com\"}"

static void expect_users(void)
{
    char upstream[64];
    snprintf(upstream, sizeof upstream, "X-Upstream: 127.0.0.1:%d", users.port);
    EXPECT_CASES(&orders,
                 {"/users/7", 200, .reply = USER_7, .header = upstream},
                 {"/users/7", 200, .header = "X-Discovery-Source: static"},
                 {"/users/7", 200, .header = "Content-Type: application/json"},
                 {"/users/7", 200, .method = "HEAD", .reply = "", .header = upstream},
                 {"/users/5000", 404, .header = upstream, .part = "there is no user 5000"},
                 {"/users/0", 400}, {"/users/01", 400}, {"/users/abc", 400}, {"/users/9223372036854775808", 400},
                 {"/users/..%2Fhealth", 400},
                 {"/users", 404},
                 {"/users/7", 405, .body = "{}", .header = "Allow: GET, HEAD"});
}

static void expect_orders(void)
{
    EXPECT_CASES(&orders,
                 {"/orders/1", 200, .reply = ORDER_1 "\"user\":" USER_1 ",\"degraded\":false}"},
                 {"/orders/2", 200}, {"/orders/3", 200},
                 {"/orders/4", 404}, {"/orders/9223372036854775807", 404},
                 {"/orders/0", 400}, {"/orders/-1", 400}, {"/orders/1%20", 400},
                 {"/orders", 405, .header = "Allow: POST"},
                 {"/orders/1", 405, .method = "DELETE", .header = "Allow: GET, HEAD"});
}

Test(order_http, get_requests_answer_as_documented, .init = setup, .fini = teardown)
{
    expect_users();
    expect_orders();
    EXPECT_CASES(&orders,
                 {"/health/live", 200, .reply = "{\"status\":\"alive\"}"},
                 {"/health", 200, .part = "\"postgres\":{\"status\":\"healthy\""},
                 {"/health", 200, .part = "\"disk\":{\"status\":\"healthy\""},
                 {"/health", 200, .part = "\"registry\":{\"status\":\"unhealthy\""},
                 {"/health", 200, .part = "\"user-service\":{\"status\":\"healthy\""});
}

Test(order_http, request_id_is_passed_to_user_service, .init = setup, .fini = teardown)
{
    EXPECT_CASES(&orders,
                 {"/users/7", 200, .headers = {"X-Request-Id: trace-42"}, .header = "X-Request-Id: trace-42"},
                 {"/users/5000", 404, .headers = {"X-Request-Id: trace-43"}, .header = "X-Request-Id: trace-43"});
}

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"

/* At LOG_LEVEL=debug each service logs the trace of a request. */
Test(order_http, trace_id_is_passed_to_user_service, .init = setup, .fini = teardown)
{
    EXPECT_CASES(&orders, {"/users/7", 200, .headers = {"traceparent: 00-" TRACE "-00f067aa0ba902b7-01"}});
    cr_expect(proc_wait_output(&users.proc, "trace_id=" TRACE, NULL, 0, 60000));
}

/* --- POST --------------------------------------------------------------------------------- */

#define BOOK "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":2}"

Test(order_http, post_orders_answers_as_documented, .init = setup, .fini = teardown)
{
    EXPECT_CASES(&orders,
                 {"/orders", 201, .body = BOOK, .header = "Location: /orders/4",
                  .reply = "{\"id\":\"4\",\"user_id\":\"7\",\"item\":\"book\",\"quantity\":2}"},
                 {"/orders/4", 200,
                  .reply = "{\"id\":\"4\",\"user_id\":\"7\",\"item\":\"book\",\"quantity\":2,\"user\":" USER_7
                           ",\"degraded\":false}"},
                 {"/orders", 201, .body = "{\"quantity\":1000000,\"item\":\"\\u4e66 \\\"x\\\"\",\"user_id\":\"1000\"}",
                  .part = "\"item\":\"\xe4\xb9\xa6 \\\"x\\\"\",\"quantity\":1000000}"},
                 {"/orders", 422, .body = "{\"user_id\":\"5000\",\"item\":\"book\",\"quantity\":2}", .part = "user_id"},
                 {"/orders", 422, .body = "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":0}", .part = "quantity"},
                 {"/orders", 422, .body = "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":1000001}"},
                 {"/orders", 422, .body = "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":1.5}"},
                 {"/orders", 422, .body = "{\"user_id\":\"7\",\"item\":\"\",\"quantity\":1}", .part = "item"},
                 {"/orders", 422, .body = "{\"user_id\":\"7\",\"item\":\"  \",\"quantity\":1}", .part = "visible"},
                 {"/orders", 422, .body = "{\"user_id\":\"7\",\"item\":\"\\u200b\",\"quantity\":1}", .part = "visible"},
                 {"/orders", 422, .body = "{\"user_id\":7,\"item\":\"book\",\"quantity\":1}", .part = "user_id"},
                 {"/orders", 422, .body = "{\"user_id\":\"007\",\"item\":\"book\",\"quantity\":1}"},
                 {"/orders", 422, .body = "{}"},
                 {"/orders", 422, .body = "[]"},
                 {"/orders", 400, .body = "{\"user_id\":\"7\","},
                 {"/orders", 400, .body = BOOK BOOK},
                 {"/orders", 415, .body = BOOK, .headers = {"Content-Type: application/x-www-form-urlencoded"}});
}

Test(order_http, unverified_user_gets_no_order, .init = setup, .fini = teardown)
{
    cr_expect_eq(service_stop(&users), 0);
    EXPECT_CASES(&orders,
                 {"/orders", 503, .body = BOOK, .header = "Retry-After: 1"},
                 {"/orders", 503, .body = BOOK, .headers = {"Idempotency-Key: k"}},
                 {"/orders/4", 404});
    start_service(&users, &world, "user-service", (const char *[]){"PORT=0", NULL});
}

/* --- Degrade -------------------------------------------------------------------------------- */

#define DEGRADED "\"user\":null,\"degraded\":true}"

Test(order_http, order_is_degraded_when_its_user_cannot_be_read, .init = setup_short_timeout, .fini = teardown)
{
    proc_pause(&users.proc);
    EXPECT_CASES(&orders,
                 {"/orders/1", 200, .reply = ORDER_1 DEGRADED},
                 {"/users/7", 504},
                 {"/health", 200, .part = "{\"status\":\"healthy\""});
    proc_resume(&users.proc);
    cr_expect(await_status(&orders, "/users/7", 200));

    server_kill(&world.postgres); /* user-service replies 503 */
    cr_expect(await_status(&orders, "/health", 503));
    AWAIT_CASE(&orders, "/users/7", 200, .part = "User7"); /* from the cache */
    AWAIT_CASE(&orders, "/users/8", 503, .header = "Retry-After: 1"); /* 504, if the machine stalls */
    EXPECT_CASES(&orders,
                 {"/orders/1", 503, .header = "Retry-After: 1"},
                 {"/orders", 503, .body = BOOK, .header = "Retry-After: 1"},
                 {"/orders", 503, .body = BOOK, .headers = {"Idempotency-Key: k"}},
                 {"/health", 503, .part = "\"postgres\":{\"status\":\"unhealthy\""});
    struct err err = ERR_INIT;
    cr_assert_eq(server_start(&world.postgres, &err), 0, "%s", err.text);
    cr_expect(await_status(&orders, "/orders/1", 200));

    service_stop(&users);
    EXPECT_CASES(&orders,
                 {"/orders/1", 200, .reply = ORDER_1 DEGRADED},
                 {"/users/7", 503, .header = "Retry-After: 1"},
                 {"/health", 200});
}

Test(order_http, order_of_deleted_user_is_not_degraded, .init = setup, .fini = teardown)
{
    struct err err = ERR_INIT;
    cr_assert_eq(server_sql(&world.postgres, NULL, "DELETE FROM users WHERE id = 2", &err), 0, "%s", err.text);
    EXPECT_CASES(&orders,
                 {"/orders/2", 200,
                  .reply = "{\"id\":\"2\",\"user_id\":\"2\",\"item\":\"pen\",\"quantity\":3,\"user\":null,"
                           "\"degraded\":false}"});
}
