#include "net/tests/raw_client.h"

/* --- Handlers ------------------------------------------------------------------- */

static void show(struct http_request *req, void *arg)
{
    struct http_text param = http_param(req), body = http_body(req), key = http_query(req, "a b");
    char text[512];
    (void)arg;
    int len = snprintf(text, sizeof text, "param=%zu:%s body=%zu key=%s json=%d", param.len,
                       param.text ? param.text : "-", body.len, key.text ? key.text : "-", http_body_is_json(req));
    http_add_header(req, "X-Extra", "one");
    http_reply(req, 200, "text/plain", text, (size_t)len);
}

static void forge(struct http_request *req, void *arg)
{
    (void)arg;
    http_add_header(req, "X-Forged", "a\r\nX-Evil: b");
    http_reply(req, 200, NULL, "", 0);
}

static void echo(struct http_request *req, void *arg)
{
    struct http_text body = http_body(req);
    char *copy = malloc(body.len + 1);
    (void)arg;
    memcpy(copy, body.text, body.len);
    fiber_yield();
    http_reply_take(req, 201, "application/octet-stream", copy, body.len);
    http_reply(req, 500, NULL, "", 0); /* only the first reply counts */
}

static void silent(struct http_request *req, void *arg)
{
    (void)req, (void)arg;
}

static struct wait *gate;

static void wait_at_gate(struct http_request *req, void *arg)
{
    struct wait wait;
    (void)arg;
    wait_init(&wait);
    gate = &wait;
    wait_park(&wait, deadline_in(10000));
    gate = NULL;
    cr_expect_str_eq(http_header(req, "host"), "h"); /* there still, with the client gone */
    http_reply(req, 200, NULL, "open", 4);
}

/* Until a handler waits at the gate. */
static void until_waiting(void)
{
    for (time_t limit = time(NULL) + 10; !gate && !is_over(limit);)
        fiber_yield();
    cr_expect_eq(http_server_in_flight(server), 1);
}

static const struct http_route routes[] = {
    {"GET", "/show/{id}", show, 0},      {"POST", "/show", show, 0},
    {"POST", "/echo", echo, 0},          {"GET", "/silent", silent, 0},
    {"GET", "/gate", wait_at_gate, 0},   {"GET", "/live", show, HTTP_ROUTE_ALWAYS | HTTP_ROUTE_PROBE},
    {"GET", "/forge", forge, 0},
};

static int observed;
static const struct http_route *observed_route;

static void observe(void *arg, const struct http_route *route, int status, int64_t duration_us)
{
    (void)arg;
    observed = status;
    observed_route = route;
    cr_expect_geq(duration_us, 0);
}

static void (*test_body)(void);

static void with_server_main(void *arg)
{
    struct err err = ERR_INIT;
    struct http_server_config config = {.address = "127.0.0.1", .served_by = "me-1", .routes = routes,
                                        .route_count = sizeof routes / sizeof routes[0], .max_requests = 1,
                                        .observe = observe};
    (void)arg;
    server = http_server_new(&config, &err);
    cr_expect_not_null(server, "%s", err.text);
    test_body();
    cr_expect(http_server_close(server, deadline_in(5000)));
}

static void with_server(void (*body)(void))
{
    test_body = body;
    in_loop(with_server_main);
}

TestSuite(http_server, .timeout = 60);

#define HOST "Host: h\r\n"

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
}

Test(http_server, a_reply_has_an_id_and_says_who_served_it)
{
    with_server(usual_reply);
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
}

Test(http_server, the_callers_request_id_is_kept_if_it_is_printable_and_short)
{
    with_server(request_ids);
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
    cr_expect_eq(ask("DELETE /show/1 HTTP/1.1\r\n" HOST "\r\n"), 405);
    cr_expect(said("\r\nAllow: GET, HEAD\r\n"));
    cr_expect_eq(ask("GET /silent HTTP/1.1\r\n" HOST "\r\n"), 500);
}

Test(http_server, an_error_is_a_problem_document)
{
    with_server(problems);
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
}

Test(http_server, head_answers_like_get_without_the_body_and_requests_may_be_pipelined)
{
    with_server(head_requests);
}

/* --- What is refused ------------------------------------------------------------------ */

static void bad_heads(void)
{
    static const char *const requests[] = {
        "GET /live HTTP/1.1\r\n\r\n",
        "GET /live HTTP/1.1\r\n" HOST HOST "\r\n",
        "GET /li ve HTTP/1.1\r\n" HOST "\r\n",
        "GET /liv\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n",
        "GET live HTTP/1.1\r\n" HOST "\r\n",
        "GET /show/%zz HTTP/1.1\r\n" HOST "\r\n",
        "GET /show/1?a=%4 HTTP/1.1\r\n" HOST "\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\nabc",
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        cr_expect_eq(ask(requests[i]), 400, "%s -> %s", requests[i], heard);
        cr_expect(said("\"status\":400") && said("X-Request-Id"), "%s -> %s", requests[i], heard);
    }
    cr_expect_eq(ask("GET /live HTTP/1.0\r\n\r\n"), 200);
    cr_expect_eq(ask("GET http://h/live HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_expect_eq(ask("GET /show/1%00x HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_expect(said("param=3:1"));
}

Test(http_server, a_malformed_head_is_400)
{
    with_server(bad_heads);
}

static void junk(void)
{
    static const char *const requests[] = {"\x16\x03\x01 junk\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                                           "POST /echo HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\n",
                                           "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n"};
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        cr_expect_neq(ask(requests[i]) / 100, 2, "%s", requests[i]);
    char *large = malloc(40000);
    memset(large, 'a', 39999);
    large[39999] = '\0';
    memcpy(large, "GET /", 5);
    cr_expect_eq(ask(large), 414);
    memcpy(large, "GET / HTTP/1.1\r\nX: ", 19);
    cr_expect_eq(ask(large), 431);
    free(large);
    cr_expect_eq(ask("GET /live HTTP/1.1\r\n" HOST "\r\n"), 200);
}

Test(http_server, junk_does_not_disturb_it)
{
    with_server(junk);
}

/* --- Bodies ------------------------------------------------------------------------------ */

/* POST /echo with `len` bytes, in chunks of 1000 or whole. */
static int post(size_t len, bool chunked, const char *more)
{
    char *text = malloc(len * 2 + 1000), *end = text;
    end += sprintf(end, "POST /echo HTTP/1.1\r\n" HOST "%s", more);
    if (!chunked)
        end += sprintf(end, "Content-Length: %zu\r\n\r\n", len);
    else
        end += sprintf(end, "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t done = 0; done < len;) {
        size_t piece = len - done < 1000 || !chunked ? len - done : 1000;
        end += chunked ? sprintf(end, "%zx\r\n", piece) : 0;
        memset(end, 'b', piece);
        end += piece;
        end += chunked ? sprintf(end, "\r\n") : 0;
        done += piece;
    }
    strcpy(end, chunked ? "0\r\n\r\n" : "");
    int status = ask(text);
    free(text);
    return status;
}

static void bodies(void)
{
    for (int chunked = 0; chunked <= 1; chunked++) {
        cr_expect_eq(post(3, chunked, ""), 201);
        cr_expect(said("\r\n\r\nbbb"));
        cr_expect_eq(post(HTTP_BODY_MAX, chunked, ""), 201);
        cr_expect(said("\r\nContent-Length: 65536\r\n"));
        cr_expect_eq(post(HTTP_BODY_MAX + 1, chunked, ""), 413);
        cr_expect_eq(post(1000000, chunked, ""), 413);
        cr_expect(said("\"status\":413"));
    }
    cr_expect_eq(post(0, false, ""), 201);
}

Test(http_server, a_body_may_have_64_kib_chunked_or_not)
{
    with_server(bodies);
}

static void expectations(void)
{
    int fd = dial();
    say(fd, "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    hear(fd);
    cr_expect(said("100 Continue"));
    say(fd, "abc");
    hear(fd);
    cr_expect(said("\r\n\r\nabc"));
    close(fd);
    cr_expect_eq(ask("POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 65537\r\n\r\n"), 413);
}

Test(http_server, expect_100_is_honoured_before_a_body_that_is_wanted)
{
    with_server(expectations);
}

static void json_types(void)
{
    static const struct {
        const char *type;
        bool is_json;
    } types[] = {{"application/json", true},  {"Application/JSON; charset=utf-8", true}, {"application/json ;a", true},
                 {"application/jsonx", false}, {"text/plain", false},                     {"", false}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char request[200];
        snprintf(request, sizeof request, "POST /show HTTP/1.1\r\n" HOST "Content-Type: %s\r\n\r\n", types[i].type);
        ask(request);
        cr_expect_eq(said("json=1"), types[i].is_json, "%s", types[i].type);
    }
}

Test(http_server, json_is_recognised_with_parameters)
{
    with_server(json_types);
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
}

Test(http_server, at_the_limit_it_answers_503_but_for_the_routes_that_always_answer)
{
    with_server(at_limit);
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
}

Test(http_server, a_client_that_is_gone_before_the_reply_does_no_harm)
{
    with_server(lost_client);
}

static void metrics(void)
{
    struct buf out = BUF_INIT(10000);
    int fd = dial();
    say(fd, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
    until_waiting();
    http_server_metrics(server, &out);
    cr_expect(strstr(out.data, "\nhttp_server_connections 1\n"));
    cr_expect(strstr(out.data, "\nhttp_server_requests_in_flight 1\n"));
    wait_wake(gate);
    hear(fd);
    close(fd);
    buf_close(&out);
}

Test(http_server, metrics_tell_connections_and_requests)
{
    with_server(metrics);
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
}

Test(http_server, a_port_in_use_is_named)
{
    with_server(busy_port);
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
}

Test(http_server, it_listens_on_ipv6_too_but_looks_up_no_names)
{
    with_server(other_addresses);
}
