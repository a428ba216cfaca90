/* http_server: how it drains and closes. */
#include "net/tests/http_fixture.h"

TestSuite(http_close, .timeout = 300);

static void draining(void)
{
    cr_expect_eq(http_server_last_call_ms(server), 0);
    status_of("GET /live HTTP/1.1\r\n" HOST "\r\n");
    cr_expect_eq(http_server_last_call_ms(server), 0);
    cr_expect_not(reply_has("Connection:"));
    int fd = connect_to_server();
    int64_t began = clock_ms();
    http_server_drain(server);
    cr_expect_eq(status_of("GET /show/1 HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_expect(reply_has("\r\nConnection: close\r\n"));
    cr_expect_geq(http_server_last_call_ms(server), began);

    http_server_stop_listening(server);
    send_text(fd, "GET /nothing HTTP/1.1\r\n" HOST "\r\n");
    cr_expect(read_reply(fd) && reply_has("404") && reply_has("\r\nConnection: close\r\n"));
    cr_expect(is_closed(fd));
    close(fd);
    close_clean();
}

Test(http_close, draining_server_closes_connections_after_replies)
{
    with_server(draining, 10);
}

static void finish_request(void *arg)
{
    int fd = *(int *)arg;
    fiber_yield();
    send_text(fd, "T /show/1 HTTP/1.1\r\n" HOST "\r\n");
    cr_expect(read_reply(fd) && reply_has("param=1:1"));
    close(fd);
}

static void half_a_request(void)
{
    static int fd;
    fd = connect_to_server();
    send_text(fd, "GE");
    until_in_flight(1);
    fiber_start(finish_request, &fd);
    close_clean();
}

Test(http_close, close_waits_for_a_request_half_received)
{
    with_server(half_a_request, 10);
}

static void open_gate(void *arg)
{
    int fd = *(int *)arg;
    fiber_yield();
    wait_wake(gate);
    cr_expect(read_reply(fd) && reply_has("open") && reply_has("Connection: close"));
    close(fd);
}

static void finishing_handler(void)
{
    static int fd;
    int idle = connect_to_server();
    fd = connect_to_server();
    send_text(fd, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
    until_waiting();
    fiber_start(open_gate, &fd);
    close_clean();
    cr_expect(is_closed(idle));
    close(idle);
}

Test(http_close, close_waits_for_handlers_not_idle_connections)
{
    with_server(finishing_handler, 10);
}

static void stuck_handler(void)
{
    int fd = connect_to_server(), half = connect_to_server();
    send_text(fd, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
    until_waiting();
    send_text(half, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\n");
    until_in_flight(2);
    cr_expect_not(http_server_close(server, clock_ms()));
    cr_expect(was_cancelled);
    cr_expect(read_reply(fd) && reply_has("open"));
    cr_expect(is_closed(half));
    close(fd);
    close(half);
}

Test(http_close, close_deadline_cancels_handlers_and_connections)
{
    with_server(stuck_handler, 10);
}
