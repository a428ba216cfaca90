/* Slow clients, on virtual time: the tests take no real time. */
#include "net/tests/http_fixture.h"

TestSuite(http_slow, .timeout = 300);

static void on_virtual_time(void (*body)(void))
{
    clock_make_virtual(1000000);
    with_server(body, 1000);
}

static void pass(int64_t ms)
{
    clock_advance_to(clock_ms() + ms);
}

/* True if the server has not closed the connection after it checked every connection twice. */
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

static void silent_client(void)
{
    int fd = connect_to_server();
    cr_expect(stays_open(fd));
    pass(9000);
    cr_expect(stays_open(fd));
    pass(1001);
    cr_expect(is_closed(fd));
    close(fd);
    close_clean();
}

Test(http_slow, silent_connection_is_closed_after_10_s)
{
    on_virtual_time(silent_client);
}

static void dripping_head(bool is_later, const char *first, const char *drip)
{
    int fd = connect_to_server();
    if (is_later) {
        send_text(fd, "GET /live HTTP/1.1\r\n" HOST "\r\n");
        cr_expect(read_reply(fd));
    }
    send_text(fd, first);
    until_in_flight(1);
    for (int i = 0; i < 9; i++) {
        pass(1000);
        send_text(fd, drip);
        cr_expect(stays_open(fd));
    }
    pass(1001);
    cr_expect(is_closed(fd));
    until_in_flight(0);
    close(fd);
}

static void dripping_heads(void)
{
    for (int is_later = 0; is_later < 2; is_later++) {
        dripping_head(is_later, "GE", "T");
        dripping_head(is_later, "GET /show/1 HTTP/1.1\r\n", "X: y\r\n");
    }
    close_clean();
}

Test(http_slow, slow_head_is_cut_10_s_after_its_first_byte)
{
    on_virtual_time(dripping_heads);
}

static void dripping_body(void)
{
    int fd = connect_to_server();
    send_text(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100\r\nX-Request-Id: mine\r\n\r\n");
    until_in_flight(1);
    for (int i = 0; i < 3; i++) {
        pass(9900);
        send_text(fd, "b");
        cr_expect(stays_open(fd));
    }
    pass(301);
    cr_expect(read_reply(fd));
    cr_expect(reply_has("HTTP/1.1 408 Request Timeout\r\n"), "%s", reply_text);
    cr_expect(reply_has("\"status\":408") && reply_has("Connection: close"), "%s", reply_text);
    cr_expect(reply_has("X-Request-Id: mine"), "%s", reply_text);
    cr_expect(is_closed(fd));
    close(fd);
    close_clean();
}

Test(http_slow, body_not_received_after_30_s_is_408)
{
    on_virtual_time(dripping_body);
}

static void idle_client(void)
{
    static const char *const requests[] = {
        "GET /show/1 HTTP/1.1\r\n" HOST "\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    };
    int fd = connect_to_server();
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        send_text(fd, requests[i]);
        cr_expect(read_reply(fd));
        cr_expect(stays_open(fd)); /* long enough that the server has checked it */
        pass(74000);
        cr_expect(stays_open(fd));
        cr_expect_eq(http_server_in_flight(server), 0);
    }
    pass(1001);
    cr_expect(is_closed(fd));
    close(fd);
    close_clean();
}

Test(http_slow, connection_may_idle_for_75_s_between_requests)
{
    on_virtual_time(idle_client);
}

static void second_head(void)
{
    int fd = connect_to_server();
    send_text(fd, "GET /show/1 HTTP/1.1\r\n" HOST "\r\nGET /sh");
    cr_expect(read_reply(fd));
    until_in_flight(1);
    pass(10001);
    cr_expect(is_closed(fd));
    close(fd);
    close_clean();
}

Test(http_slow, second_head_of_a_connection_has_10_s_too)
{
    on_virtual_time(second_head);
}

static void slow_handler(void)
{
    int fd = connect_to_server();
    send_text(fd, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
    until_waiting();
    pass(1000000);
    cr_expect(stays_open(fd));
    wait_wake(gate);
    cr_expect(read_reply(fd) && reply_has("open"));
    close(fd);
    close_clean();
}

Test(http_slow, slow_handler_does_not_close_its_connection)
{
    on_virtual_time(slow_handler);
}

static void many_handlers(void)
{
    static int fds[300];
    char *upload = calloc(1, 60000 + 200);
    int len = sprintf(upload, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 60000\r\n\r\n");
    memset(upload + len, 'b', 60000);
    for (size_t i = 0; i < 300; i++) {
        fds[i] = connect_to_server();
        send_text(fds[i], "GET /crowd HTTP/1.1\r\n" HOST "\r\n");
    }
    for (time_t limit = time(NULL) + 120; crowd_size < 300 && !is_over(limit);)
        fiber_yield();
    cr_expect_eq(status_of(upload), 201);
    wait_queue_wake_all(&crowd);
    for (size_t i = 0; i < 300; i++) {
        cr_expect(read_reply(fds[i]) && reply_has("all"));
        close(fds[i]);
    }
    free(upload);
    close_clean();
}

Test(http_slow, many_handlers_may_wait_while_a_request_is_served)
{
    on_virtual_time(many_handlers);
}
