/* Slow clients and the shutdown: on virtual time, so that nobody waits. */
#include "loop/sync.h"
#include "net/tests/raw_client.h"

#define HOST "Host: h\r\n"

static struct wait *gate;
static bool was_cancelled;

/* Until a handler waits at the gate. */
static void until_waiting(void)
{
    for (time_t limit = time(NULL) + 10; !gate && !is_over(limit);)
        fiber_yield();
}

static void wait_at_gate(struct http_request *req, void *arg)
{
    struct wait wait;
    (void)arg;
    wait_init(&wait);
    gate = &wait;
    was_cancelled = wait_park(&wait, DEADLINE_NONE) == WAIT_CANCELLED;
    gate = NULL;
    http_reply(req, 200, NULL, "open", 4);
}

static void hello(struct http_request *req, void *arg)
{
    (void)arg;
    http_reply(req, 200, NULL, "hello", 5);
}

static struct wait_queue crowd;
static size_t crowd_size;

static void wait_in_crowd(struct http_request *req, void *arg)
{
    (void)arg;
    crowd_size++;
    wait_queue_park(&crowd, DEADLINE_NONE);
    http_reply(req, 200, NULL, "all", 3);
}

static const struct http_route routes[] = {
    {"GET", "/gate", wait_at_gate, 0},
    {"GET", "/crowd", wait_in_crowd, 0},
    {"GET", "/hello", hello, 0},
    {"POST", "/hello", hello, 0},
    {"GET", "/health", hello, HTTP_ROUTE_PROBE},
};

static void (*test_body)(void);

static void with_server_main(void *arg)
{
    struct err err = ERR_INIT;
    struct http_server_config config = {.address = "127.0.0.1", .served_by = "me-1", .routes = routes,
                                        .route_count = sizeof routes / sizeof routes[0], .max_requests = 1000};
    (void)arg;
    server = http_server_new(&config, &err);
    cr_expect_not_null(server, "%s", err.text);
    test_body();
}

static void with_server(void (*body)(void))
{
    clock_make_virtual(1000000);
    test_body = body;
    in_loop(with_server_main);
}

static void pass(int64_t ms)
{
    clock_advance_to(clock_ms() + ms);
}

/* True where the server has not closed by the time that it looked at everyone twice. */
static bool stays_open(int fd)
{
    char byte;
    struct timespec now, start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        fiber_yield();
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < 250);
    return recv(fd, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

static void close_clean(void)
{
    cr_expect(http_server_close(server, deadline_in(5000)));
}

TestSuite(http_slow, .timeout = 60);

/* --- Slow clients --------------------------------------------------------------------------- */

static void silent_client(void)
{
    int fd = dial();
    cr_expect(stays_open(fd));
    pass(9000);
    cr_expect(stays_open(fd));
    pass(1001);
    cr_expect(is_closed(fd));
    close(fd);
    close_clean();
}

Test(http_slow, a_connection_that_sends_nothing_is_closed_after_10_s)
{
    with_server(silent_client);
}

static void dripping_head(const char *first, const char *drip)
{
    int fd = dial();
    say(fd, first);
    until_in_flight(1);
    for (int i = 0; i < 9; i++) {
        pass(1000);
        say(fd, drip);
        cr_expect(stays_open(fd));
    }
    pass(1001);
    cr_expect(is_closed(fd));
    until_in_flight(0);
    close(fd);
}

static void dripping_heads(void)
{
    dripping_head("GE", "T");
    dripping_head("GET /hello HTTP/1.1\r\n", "X: y\r\n");
    close_clean();
}

Test(http_slow, a_head_that_drips_is_cut_10_s_after_its_first_byte)
{
    with_server(dripping_heads);
}

static void dripping_body(void)
{
    int fd = dial();
    say(fd, "POST /hello HTTP/1.1\r\n" HOST "Content-Length: 100\r\nX-Request-Id: mine\r\n\r\n");
    until_in_flight(1);
    for (int i = 0; i < 3; i++) {
        pass(9900);
        say(fd, "b");
        cr_expect(stays_open(fd));
    }
    pass(301);
    cr_expect(hear(fd));
    cr_expect(said("HTTP/1.1 408 Request Timeout\r\n"), "%s", heard);
    cr_expect(said("\"status\":408") && said("Connection: close") && said("X-Request-Id: mine"), "%s", heard);
    cr_expect(is_closed(fd));
    close(fd);
    close_clean();
}

Test(http_slow, a_body_that_is_not_there_after_30_s_is_408)
{
    with_server(dripping_body);
}

static void idle_client(void)
{
    static const char *const requests[] = {
        "GET /hello HTTP/1.1\r\n" HOST "\r\n",
        "POST /hello HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab",
        "POST /hello HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    };
    int fd = dial();
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        say(fd, requests[i]);
        cr_expect(hear(fd));
        cr_expect(stays_open(fd)); /* so that it was looked at */
        pass(74000);
        cr_expect(stays_open(fd));
        cr_expect_eq(http_server_in_flight(server), 0);
    }
    pass(1001);
    cr_expect(is_closed(fd));
    close(fd);
    close_clean();
}

Test(http_slow, a_connection_may_be_idle_for_75_s_between_requests)
{
    with_server(idle_client);
}

static void second_head(void)
{
    int fd = dial();
    say(fd, "GET /hello HTTP/1.1\r\n" HOST "\r\nGET /he");
    cr_expect(hear(fd));
    until_in_flight(1);
    pass(10001);
    cr_expect(is_closed(fd));
    close(fd);
    close_clean();
}

Test(http_slow, the_second_head_of_a_connection_has_10_s_too)
{
    with_server(second_head);
}

static void slow_handler(void)
{
    int fd = dial();
    say(fd, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
    until_waiting();
    pass(1000000);
    cr_expect(stays_open(fd));
    wait_wake(gate);
    cr_expect(hear(fd) && said("open"));
    close(fd);
    close_clean();
}

Test(http_slow, a_slow_handler_is_not_the_clients_fault)
{
    with_server(slow_handler);
}

static void many_handlers(void)
{
    static int fds[300];
    char *upload = calloc(1, 60000 + 200);
    int len = sprintf(upload, "POST /hello HTTP/1.1\r\n" HOST "Content-Length: 60000\r\n\r\n");
    memset(upload + len, 'b', 60000);
    for (size_t i = 0; i < 300; i++) {
        fds[i] = dial();
        say(fds[i], "GET /crowd HTTP/1.1\r\n" HOST "\r\n");
    }
    for (time_t limit = time(NULL) + 10; crowd_size < 300 && !is_over(limit);)
        fiber_yield();
    cr_expect_eq(ask(upload), 200);
    wait_queue_wake_all(&crowd);
    for (size_t i = 0; i < 300; i++) {
        cr_expect(hear(fds[i]) && said("all"));
        close(fds[i]);
    }
    free(upload);
    close_clean();
}

Test(http_slow, many_handlers_may_wait_while_another_request_is_served)
{
    with_server(many_handlers);
}

/* --- Shutdown ---------------------------------------------------------------------------------- */

static void draining(void)
{
    cr_expect_eq(http_server_last_call_ms(server), 0);
    ask("GET /health HTTP/1.1\r\n" HOST "\r\n");
    cr_expect_eq(http_server_last_call_ms(server), 0);
    cr_expect_not(said("Connection:"));
    int fd = dial();
    http_server_drain(server);
    pass(5);
    cr_expect_eq(ask("GET /hello HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_expect(said("\r\nConnection: close\r\n"));
    cr_expect_eq(http_server_last_call_ms(server), clock_ms());

    http_server_stop_listening(server);
    say(fd, "GET /nothing HTTP/1.1\r\n" HOST "\r\n");
    cr_expect(hear(fd) && said("404") && said("\r\nConnection: close\r\n"));
    cr_expect(is_closed(fd));
    close(fd);
    close_clean();
}

Test(http_slow, while_draining_each_reply_closes_its_connection)
{
    with_server(draining);
}

static void finish_request(void *arg)
{
    int fd = *(int *)arg;
    fiber_yield();
    say(fd, "T /hello HTTP/1.1\r\n" HOST "\r\n");
    cr_expect(hear(fd) && said("hello"));
    close(fd);
}

static void half_a_request(void)
{
    static int fd;
    fd = dial();
    say(fd, "GE");
    until_in_flight(1);
    fiber_start(finish_request, &fd);
    close_clean();
}

Test(http_slow, closing_waits_for_a_request_that_is_half_there)
{
    with_server(half_a_request);
}

static void open_gate(void *arg)
{
    int fd = *(int *)arg;
    fiber_yield();
    wait_wake(gate);
    cr_expect(hear(fd) && said("open") && said("Connection: close"));
    close(fd);
}

static void finishing_handler(void)
{
    static int fd;
    int idle = dial();
    fd = dial();
    say(fd, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
    until_waiting();
    fiber_start(open_gate, &fd);
    close_clean();
    cr_expect(is_closed(idle));
    close(idle);
}

Test(http_slow, closing_waits_for_handlers_and_closes_idle_connections)
{
    with_server(finishing_handler);
}

static void stuck_handler(void)
{
    int fd = dial(), half = dial();
    say(fd, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
    until_waiting();
    say(half, "POST /hello HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\n");
    until_in_flight(2);
    cr_expect_not(http_server_close(server, clock_ms()));
    cr_expect(was_cancelled);
    cr_expect(hear(fd) && said("open"));
    cr_expect(is_closed(half));
    close(fd);
    close(half);
}

Test(http_slow, at_the_deadline_handlers_are_cancelled_and_connections_cut)
{
    with_server(stuck_handler);
}
