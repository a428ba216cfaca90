/* http_server: replies, limits and listening. The files test_http_request.c, test_http_slow.c and
 * test_http_close.c test its other parts. */
#include "net/tests/http_fixture.h"

TestSuite(http_server, .timeout = 300);

/* --- Headers of a reply ------------------------------------------------------------ */

static void usual_reply(void)
{
    cr_expect_eq(status_of("GET /show/7?x=1&a%20b=c%26d HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_expect(reply_has("\r\nX-Served-By: me-1\r\n"));
    cr_expect(reply_has("\r\nContent-Type: text/plain\r\n"));
    cr_expect(reply_has("\r\nX-Extra: one\r\n"));
    cr_expect_not(reply_has("Connection:"));
    cr_expect(reply_has("param=1:7 body=0 key=c&d json=0"), "%s", reply_text);
    char *id = strstr(reply_text, "\r\nX-Request-Id: ");
    cr_expect(id && strspn(id + 16, "0123456789abcdef") == 16, "%s", reply_text);
    cr_expect_eq(observed, 200);
    cr_expect_eq(observed_route, &routes[0]);
    cr_expect_eq(status_of("GET /forge HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_expect_not(reply_has("X-Evil"));
    close_clean();
}

Test(http_server, reply_has_request_id_and_served_by)
{
    with_server(usual_reply, 1);
}

static void request_ids(void)
{
    char request[400], id[130];
    status_of("GET /live HTTP/1.1\r\n" HOST "X-Request-Id: a b~1\r\n\r\n");
    cr_expect(reply_has("\r\nX-Request-Id: a b~1\r\n"));
    memset(id, 'x', sizeof id);
    for (int len = 128; len <= 129; len++) {
        snprintf(request, sizeof request, "GET /live HTTP/1.1\r\n" HOST "X-Request-Id: %.*s\r\n\r\n", len, id);
        status_of(request);
        cr_expect_eq(reply_has("xxxx"), len == 128);
    }
    status_of("GET /live HTTP/1.1\r\n" HOST "X-Request-Id: caf\xc3\xa9\r\n\r\n");
    cr_expect_not(reply_has("X-Request-Id: caf"));
    status_of("GET /live HTTP/1.1\r\n" HOST "X-Request-Id: \r\n\r\n");
    cr_expect_not(reply_has("X-Request-Id: \r\n"));
    close_clean();
}

Test(http_server, printable_short_request_id_is_kept)
{
    with_server(request_ids, 1);
}

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static void traces(void)
{
    status_of("GET /live HTTP/1.1\r\n" HOST "TraceParent:  " PARENT " \r\ntracestate: a=1\r\nTracestate: b=2\r\n\r\n");
    cr_expect_str_eq(observed_trace.parent, PARENT);
    cr_expect_str_eq(observed_trace.state, "a=1,b=2");
    status_of("GET /live HTTP/1.1\r\n" HOST "traceparent: " PARENT "\r\ntraceparent: " PARENT "\r\n\r\n");
    cr_expect_str_eq(observed_trace.parent, "", "two traceparents are ignored");
    status_of("GET /live HTTP/1.1\r\n" HOST "traceparent: ff" PARENT "\r\ntracestate: a=1\r\n\r\n");
    cr_expect_str_eq(observed_trace.parent, "");
    cr_expect_str_eq(observed_trace.state, "", "no state without a parent");
    close_clean();
}

Test(http_server, valid_trace_context_is_kept)
{
    with_server(traces, 1);
}

static void problems(void)
{
    cr_expect_eq(status_of("GET /no%22pe?q HTTP/1.1\r\n" HOST "\r\n"), 404);
    cr_expect(reply_has("\r\nContent-Type: application/problem+json\r\n"));
    cr_expect(reply_has("\r\n\r\n{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                   "\"detail\":\"there is nothing here\",\"instance\":\"/no%22pe\"}"),
              "%s", reply_text);
    cr_expect_eq(observed, 404);
    cr_expect_null(observed_route);
    cr_expect_str_eq(observed_method, "GET");
    cr_expect_eq(status_of("MAKE-UP-1 /live HTTP/1.1\r\n" HOST "\r\n"), 405);
    cr_expect_str_eq(observed_method, "_OTHER");
    cr_expect_eq(status_of("DELETE /show/1 HTTP/1.1\r\n" HOST "\r\n"), 405);
    cr_expect(reply_has("\r\nAllow: GET, HEAD\r\n"));
    cr_expect_eq(status_of("GET /silent HTTP/1.1\r\n" HOST "\r\n"), 500);
    close_clean();
}

Test(http_server, error_is_a_problem_document)
{
    with_server(problems, 1);
}

static void head_requests(void)
{
    int fd = connect_to_server();
    send_text(fd, "HEAD /show/1 HTTP/1.1\r\n" HOST "\r\nGET /show/22 HTTP/1.1\r\n" HOST "\r\n");
    char *end = NULL;
    for (size_t len = 0; !end; fiber_yield()) { /* it has a length but no body: read_reply() would wait for a body */
        ssize_t n = recv(fd, reply_text + len, sizeof reply_text - 1 - len, 0);
        len += n > 0 ? (size_t)n : 0;
        reply_text[len] = '\0';
        end = strstr(reply_text, "param=2:22");
    }
    cr_expect(reply_has("\r\nContent-Length: 29\r\n"));
    cr_expect_not(reply_has("param=1:1"));
    close(fd);
    close_clean();
}

Test(http_server, head_reply_has_no_body_and_pipelining_works)
{
    with_server(head_requests, 1);
}

/* --- Limits -------------------------------------------------------------------------------- */

static void at_limit(void)
{
    int waiting = connect_to_server();
    send_text(waiting, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
    until_waiting();
    cr_expect_eq(status_of("GET /show/1 HTTP/1.1\r\n" HOST "\r\n"), 503);
    cr_expect(reply_has("\r\nRetry-After: 1\r\n"));
    cr_expect_eq(status_of("GET /live HTTP/1.1\r\n" HOST "\r\n"), 200);
    wait_wake(gate);
    cr_expect(read_reply(waiting) && reply_has("open"));
    cr_expect_eq(status_of("GET /show/1 HTTP/1.1\r\n" HOST "\r\n"), 200);
    close(waiting);
    close_clean();
}

Test(http_server, request_over_the_limit_is_503_except_for_probes)
{
    with_server(at_limit, 1);
}

static void at_limit_of_connections(void)
{
    struct err err = ERR_INIT;
    struct http_server_config config = {.address = "127.0.0.1", .served_by = "x", .routes = routes, .max_requests = 10,
                                        .route_count = sizeof routes / sizeof *routes, .max_connections = 1};
    http_server_close(server, deadline_in(60000));
    server = http_server_new(&config, &err);
    int first = connect_to_server();
    send_text(first, "GET /show/1 HTTP/1.1\r\n" HOST "\r\n");
    cr_expect(read_reply(first) && reply_has("HTTP/1.1 200 "));
    for (int i = 0; i < 2 * HTTP_SURPLUS_MAX; i++) { /* each surplus connection makes room for the next one */
        cr_expect_eq(status_of("GET /show/1 HTTP/1.1\r\n" HOST "\r\n"), 503);
        cr_expect(reply_has("\r\nRetry-After: 1\r\n") && reply_has("\r\nConnection: close\r\n"), "%s", reply_text);
        cr_expect_eq(status_of("GET /live HTTP/1.1\r\n" HOST "\r\n"), 200);
    }
    send_text(first, "GET /show/1 HTTP/1.1\r\n" HOST "\r\n");
    cr_expect(read_reply(first) && reply_has("HTTP/1.1 200 "), "%s", reply_text);
    close(first);
    close_clean();
}

Test(http_server, connection_over_the_limit_gets_503_unless_a_probe)
{
    with_server(at_limit_of_connections, 1);
}

static void silent_surplus(void)
{
    struct err err = ERR_INIT;
    struct http_server_config config = {.address = "127.0.0.1", .served_by = "x", .routes = routes, .max_requests = 10,
                                        .route_count = sizeof routes / sizeof *routes, .max_connections = 1};
    int idle[1 + HTTP_SURPLUS_MAX];
    http_server_close(server, deadline_in(60000));
    server = http_server_new(&config, &err);
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
        idle[i] = connect_to_server();
    for (int turns = 0; turns < 10; turns++)
        fiber_yield();
    clock_advance_to(clock_ms() + 5000); /* within the 10 s that a silent connection otherwise has */
    cr_expect_eq(status_of("GET /live HTTP/1.1\r\n" HOST "\r\n"), 200);
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
        close(idle[i]);
    close_clean();
}

Test(http_server, silent_surplus_connections_give_way_to_a_probe)
{
    clock_make_virtual(1000000);
    with_server(silent_surplus, 1);
}

static void lost_client(void)
{
    int fd = connect_to_server();
    send_text(fd, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
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

Test(http_server, client_may_disconnect_before_the_reply)
{
    with_server(lost_client, 1);
}

static void metrics(void)
{
    struct buf out = BUF_INIT(10000);
    int fd = connect_to_server();
    send_text(fd, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
    until_waiting();
    http_server_metrics(server, &out);
    cr_expect(strstr(out.data, "\nhttp_server_connections 1\n"));
    cr_expect(strstr(out.data, "\nhttp_server_active_requests{http_request_method=\"GET\",url_scheme=\"http\"} 1\n"));
    cr_expect(strstr(out.data, "\nhttp_server_active_requests{http_request_method=\"POST\",url_scheme=\"http\"} 0\n"));
    cr_expect(strstr(out.data, "\nhttp_server_draining 0\n"));
    wait_wake(gate);
    read_reply(fd);
    close(fd);
    buf_close(&out);
    close_clean();
}

Test(http_server, metrics_show_connections_and_requests)
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

Test(http_server, error_names_the_port_in_use)
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

Test(http_server, server_listens_on_ipv6_but_resolves_no_names)
{
    with_server(other_addresses, 1);
}
