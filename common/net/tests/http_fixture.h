/* http_fixture: a server with the handlers of http_handlers.h; the test is its client. */
#ifndef NET_TESTS_HTTP_FIXTURE_H
#define NET_TESTS_HTTP_FIXTURE_H

#include "net/tests/http_handlers.h"
#include "net/tests/raw_client.h"

#define HOST "Host: h\r\n"

static int observed;
static const struct http_route *observed_route;
static const char *observed_method;
static struct trace_context observed_trace;

static void observe(void *arg, const struct http_outcome *outcome)
{
    (void)arg;
    observed = outcome->status;
    observed_route = outcome->route;
    observed_method = outcome->method;
    http_trace_context(outcome->request, &observed_trace);
    cr_expect_geq(outcome->duration_us, 0);
}

static void close_clean(void)
{
    cr_expect(http_server_close(server, deadline_in(60000)));
}

struct server_test {
    void (*body)(void);
    size_t max_requests;
};

static void server_test_main(void *arg)
{
    struct err err = ERR_INIT;
    const struct server_test *test = arg;
    struct http_server_config config = {.address = "127.0.0.1", .served_by = "me-1", .routes = routes,
                                        .route_count = sizeof routes / sizeof routes[0],
                                        .max_requests = test->max_requests, .observe = observe};
    server = http_server_new(&config, &err);
    cr_expect_not_null(server, "%s", err.text);
    test->body();
}

/* The body must close the server. */
static void with_server(void (*body)(void), size_t max_requests)
{
    struct server_test test = {body, max_requests};
    in_loop(server_test_main, &test);
}

#endif
