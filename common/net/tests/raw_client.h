/* raw_client: a server and its client in one loop, and whole requests of that client (raw_socket.h). */
#ifndef NET_TESTS_RAW_CLIENT_H
#define NET_TESTS_RAW_CLIENT_H

#include <stdio.h>

#include "base/clock.h"
#include "loop/loop.h"
#include "net/tests/raw_socket.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#else
#define __lsan_do_recoverable_leak_check() 0
#endif

/* Runs test(arg) as the first fiber of a loop, and expects that no fiber, handle or memory is left. */
static void in_loop(void (*test)(void *arg), void *arg)
{
    loop_open();
    loop_run(test, arg);
    cr_expect_eq(fibers_alive(), 0);
    cr_expect_eq(loop_close(), 0);
    cr_expect_eq(__lsan_do_recoverable_leak_check(), 0);
}

/* Sends one request on a new connection; returns the reply's status, 0: no reply. */
static inline int status_of(const char *request)
{
    int fd = connect_to_server();
    send_text(fd, request);
    read_reply(fd);
    close(fd);
    return strncmp(reply_text, "HTTP/1.1 ", 9) == 0 ? atoi(reply_text + 9) : 0;
}

static inline bool reply_has(const char *text)
{
    return strstr(reply_text, text) != NULL;
}

/* Lets the server run until this many requests are in flight. */
static inline void until_in_flight(size_t count)
{
    for (time_t limit = time(NULL) + 120; http_server_in_flight(server) != count && !is_over(limit);)
        fiber_yield();
    cr_expect_eq(http_server_in_flight(server), count);
}

#endif
