#include "net/tests/http_fixture.h"

TestSuite(http_server, .timeout = 300);

/* --- What every reply has ---------------------------------------------------------- */

static void usual_reply(void)
{
    cr_expect_eq(ask("GET /show/7?x=1&a%20b=c%26d HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_expect(said("\r\nX-Served-By: me-1\r\n"));
    cr_expect(said("\r\nContent-Type: text/plain\r\n"));
    cr_expect(said("\r\nX-Extra: one\r\n"));
    cr_expect_not(said("Connection:"));
    cr_expect(said("param=1:7 body=0 key=c&d json=0"), "%s", heard);
    char *id = strstr(heard, "\r\nX-Request-Id: ");
    cr_expect(id && strspn(id + 16, "0123456789abcdef") == 16, "%s", heard);
    cr_expect_eq(observed, 200);
    cr_expect_eq(observed_route, &routes[0]);
    cr_expect_eq(ask("GET /forge HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_expect_not(said("X-Evil"));
    close_clean();
}

Test(http_server, a_reply_has_an_id_and_says_who_served_it)
{
    with_server(usual_reply, 1);
}

static void request_ids(void)
{
    char request[400], id[130];
    ask("GET /live HTTP/1.1\r\n" HOST "X-Request-Id: a b~1\r\n\r\n");
    cr_expect(said("\r\nX-Request-Id: a b~1\r\n"));
    memset(id, 'x', sizeof id);
    for (int len = 128; len <= 129; len++) {
        snprintf(request, sizeof request, "GET /live HTTP/1.1\r\n" HOST "X-Request-Id: %.*s\r\n\r\n", len, id);
        ask(request);
        cr_expect_eq(said("xxxx"), len == 128);
    }
    ask("GET /live HTTP/1.1\r\n" HOST "X-Request-Id: caf\xc3\xa9\r\n\r\n");
    cr_expect_not(said("caf"));
    ask("GET /live HTTP/1.1\r\n" HOST "X-Request-Id: \r\n\r\n");
    cr_expect_not(said("X-Request-Id: \r\n"));
    close_clean();
}

Test(http_server, the_callers_request_id_is_kept_if_it_is_printable_and_short)
{
    with_server(request_ids, 1);
}

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static void traces(void)
{
    ask("GET /live HTTP/1.1\r\n" HOST "TraceParent:  " PARENT " \r\ntracestate: a=1\r\nTracestate: b=2\r\n\r\n");
    cr_expect_str_eq(observed_trace.parent, PARENT);
    cr_expect_str_eq(observed_trace.state, "a=1,b=2");
    ask("GET /live HTTP/1.1\r\n" HOST "traceparent: " PARENT "\r\ntraceparent: " PARENT "\r\n\r\n");
    cr_expect_str_eq(observed_trace.parent, "", "two are none");
    ask("GET /live HTTP/1.1\r\n" HOST "traceparent: ff" PARENT "\r\ntracestate: a=1\r\n\r\n");
    cr_expect_str_eq(observed_trace.parent, "");
    cr_expect_str_eq(observed_trace.state, "", "no state without a parent");
    close_clean();
}

Test(http_server, the_callers_trace_context_is_passed_on_if_it_is_well_formed)
{
    with_server(traces, 1);
}

static void problems(void)
{
    cr_expect_eq(ask("GET /no%22pe?q HTTP/1.1\r\n" HOST "\r\n"), 404);
    cr_expect(said("\r\nContent-Type: application/problem+json\r\n"));
    cr_expect(said("\r\n\r\n{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                   "\"detail\":\"there is nothing here\",\"instance\":\"/no%22pe\"}"),
              "%s", heard);
    cr_expect_eq(observed, 404);
    cr_expect_null(observed_route);
    cr_expect_str_eq(observed_method, "GET");
    cr_expect_eq(ask("MAKE-UP-1 /live HTTP/1.1\r\n" HOST "\r\n"), 405);
    cr_expect_str_eq(observed_method, "_OTHER");
    cr_expect_eq(ask("DELETE /show/1 HTTP/1.1\r\n" HOST "\r\n"), 405);
    cr_expect(said("\r\nAllow: GET, HEAD\r\n"));
    cr_expect_eq(ask("GET /silent HTTP/1.1\r\n" HOST "\r\n"), 500);
    close_clean();
}

Test(http_server, an_error_is_a_problem_document)
{
    with_server(problems, 1);
}

static void head_requests(void)
{
    int fd = dial();
    say(fd, "HEAD /show/1 HTTP/1.1\r\n" HOST "\r\nGET /show/22 HTTP/1.1\r\n" HOST "\r\n");
    char *end = NULL;
    for (size_t len = 0; !end; fiber_yield()) { /* a length, but no body: hear() would wait for one */
        ssize_t n = recv(fd, heard + len, sizeof heard - 1 - len, 0);
        len += n > 0 ? (size_t)n : 0;
        heard[len] = '\0';
        end = strstr(heard, "param=2:22");
    }
    cr_expect(said("\r\nContent-Length: 29\r\n"));
    cr_expect_not(said("param=1:1"));
    close(fd);
    close_clean();
}

Test(http_server, head_answers_like_get_without_the_body_and_requests_may_be_pipelined)
{
    with_server(head_requests, 1);
}

/* --- Limits -------------------------------------------------------------------------------- */

static void at_limit(void)
{
    int waiting = dial();
    say(waiting, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
    until_waiting();
    cr_expect_eq(ask("GET /show/1 HTTP/1.1\r\n" HOST "\r\n"), 503);
    cr_expect(said("\r\nRetry-After: 1\r\n"));
    cr_expect_eq(ask("GET /live HTTP/1.1\r\n" HOST "\r\n"), 200);
    wait_wake(gate);
    cr_expect(hear(waiting) && said("open"));
    cr_expect_eq(ask("GET /show/1 HTTP/1.1\r\n" HOST "\r\n"), 200);
    close(waiting);
    close_clean();
}

Test(http_server, at_the_limit_it_answers_503_but_for_the_routes_that_always_answer)
{
    with_server(at_limit, 1);
}

static void lost_client(void)
{
    int fd = dial();
    say(fd, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
    until_waiting();
    struct linger reset = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
    for (int turns = 0; turns < 10; turns++)
        fiber_yield();
    wait_wake(gate);
    until_in_flight(0);
    close_clean();
}

Test(http_server, a_client_that_is_gone_before_the_reply_does_no_harm)
{
    with_server(lost_client, 1);
}

static void metrics(void)
{
    struct buf out = BUF_INIT(10000);
    int fd = dial();
    say(fd, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
    until_waiting();
    http_server_metrics(server, &out);
    cr_expect(strstr(out.data, "\nhttp_server_connections 1\n"));
    cr_expect(strstr(out.data, "\nhttp_server_active_requests{http_request_method=\"GET\",url_scheme=\"http\"} 1\n"));
    cr_expect(strstr(out.data, "\nhttp_server_active_requests{http_request_method=\"POST\",url_scheme=\"http\"} 0\n"));
    cr_expect(strstr(out.data, "\nhttp_server_draining 0\n"));
    wait_wake(gate);
    hear(fd);
    close(fd);
    buf_close(&out);
    close_clean();
}

Test(http_server, metrics_tell_connections_and_requests)
{
    with_server(metrics, 1);
}

/* --- Listening ------------------------------------------------------------------------------- */

static void busy_port(void)
{
    struct err err = ERR_INIT;
    char port[16];
    struct http_server_config config = {.address = "127.0.0.1", .port = http_server_port(server), .served_by = "x"};
    snprintf(port, sizeof port, "port %u ", config.port);
    cr_expect_null(http_server_new(&config, &err));
    cr_expect_eq(err.code, ERR_CONFLICT);
    cr_expect(strstr(err.text, port), "%s", err.text);
    close_clean();
}

Test(http_server, a_port_in_use_is_named)
{
    with_server(busy_port, 1);
}

static void other_addresses(void)
{
    struct err err = ERR_INIT;
    struct http_server_config config = {.address = "::1", .served_by = "x"};
    struct http_server *v6 = http_server_new(&config, &err);
    cr_expect(v6 || err.code == ERR_FAILED, "%s", err.text); /* a machine may have no IPv6 */
    if (v6)
        http_server_close(v6, deadline_in(1000));
    err_clear(&err);
    config.address = "localhost";
    cr_expect_null(http_server_new(&config, &err));
    cr_expect_eq(err.code, ERR_INVALID);
    close_clean();
}

Test(http_server, it_listens_on_ipv6_too_but_looks_up_no_names)
{
    with_server(other_addresses, 1);
}
