/* raw_socket: the client's side of one connection to the server: it sends and reads plain bytes.
 *
 * The client is the test's fiber. It yields until its reply has arrived, so it works on virtual time too. Nothing here
 * may use cr_assert: in a fiber it would jump to the main stack.
 */
#ifndef NET_TESTS_RAW_SOCKET_H
#define NET_TESTS_RAW_SOCKET_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "loop/fiber.h"
#include "net/http_server.h"

static struct http_server *server;
static char reply_text[256 * 1024]; /* what read_reply() read last */

/* On real time, also when clock.h is virtual. */
static bool is_over(time_t limit)
{
    return time(NULL) > limit;
}

static int connect_to_server(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(http_server_port(server))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_expect_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void send_bytes(int fd, const char *bytes, size_t len)
{
    for (time_t limit = time(NULL) + 120; len > 0 && !is_over(limit); fiber_yield()) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return;
        if (sent > 0) {
            bytes += sent;
            len -= (size_t)sent;
        }
    }
}

static void send_text(int fd, const char *text)
{
    send_bytes(fd, text, strlen(text));
}

static bool is_whole(size_t len)
{
    const char *end = strstr(reply_text, "\r\n\r\n"), *length = strcasestr(reply_text, "\r\nContent-Length:");
    if (!end)
        return false;
    size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return len >= (size_t)(end - reply_text) + 4 + body;
}

/* Reads one whole reply. False: the server has closed the connection. */
static bool read_reply(int fd)
{
    size_t len = 0;
    reply_text[0] = '\0';
    for (time_t limit = time(NULL) + 120; !is_over(limit); fiber_yield()) {
        ssize_t n = recv(fd, reply_text + len, 1, 0); /* one byte at a time, so that the next reply stays unread */
        while (n > 0) {
            reply_text[++len] = '\0';
            if (len > 3 && reply_text[len - 1] != '\r' && is_whole(len))
                return true;
            n = recv(fd, reply_text + len, 1, 0);
        }
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return false;
    }
    cr_expect(false, "no reply in time");
    return false;
}

static inline bool is_closed(int fd)
{
    while (read_reply(fd)) {
    }
    ssize_t n = recv(fd, reply_text, 1, 0);
    return n == 0 || (n < 0 && errno != EAGAIN);
}

#endif
