/* Draining and closing. */
#include "net/tests/http_fixture.h"

TestSuite(http_close, .timeout = 300);

static void draining(void)
{
    cr_expect_eq(http_server_last_call_ms(server), 0);
    ask("GET /live HTTP/1.1\r\n" HOST "\r\n");
    cr_expect_eq(http_server_last_call_ms(server), 0);
    cr_expect_not(said("Connection:"));
    int fd = dial();
    int64_t began = clock_ms();
    http_server_drain(server);
    cr_expect_eq(ask("GET /show/1 HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_expect(said("\r\nConnection: close\r\n"));
    cr_expect_geq(http_server_last_call_ms(server), began);

    http_server_stop_listening(server);
    say(fd, "GET /nothing HTTP/1.1\r\n" HOST "\r\n");
    cr_expect(hear(fd) && said("404") && said("\r\nConnection: close\r\n"));
    cr_expect(is_closed(fd));
    close(fd);
    close_clean();
}

Test(http_close, while_draining_each_reply_closes_its_connection)
{
    with_server(draining, 10);
}

static void finish_request(void *arg)
{
    int fd = *(int *)arg;
    fiber_yield();
    say(fd, "T /show/1 HTTP/1.1\r\n" HOST "\r\n");
    cr_expect(hear(fd) && said("param=1:1"));
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

Test(http_close, closing_waits_for_a_request_that_is_half_there)
{
    with_server(half_a_request, 10);
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

Test(http_close, closing_waits_for_handlers_and_closes_idle_connections)
{
    with_server(finishing_handler, 10);
}

static void stuck_handler(void)
{
    int fd = dial(), half = dial();
    say(fd, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
    until_waiting();
    say(half, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\n");
    until_in_flight(2);
    cr_expect_not(http_server_close(server, clock_ms()));
    cr_expect(was_cancelled);
    cr_expect(hear(fd) && said("open"));
    cr_expect(is_closed(half));
    close(fd);
    close(half);
}

Test(http_close, at_the_deadline_handlers_are_cancelled_and_connections_cut)
{
    with_server(stuck_handler, 10);
}
