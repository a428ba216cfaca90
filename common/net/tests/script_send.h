/* script_send: how script_server sends a reply: at once, byte by byte, or without an end. Each returns false when the
 * connection must be closed.
 */
#ifndef NET_TESTS_SCRIPT_SEND_H
#define NET_TESTS_SCRIPT_SEND_H

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static bool put(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

static bool put_text(int fd, const char *text)
{
    return put(fd, text, strlen(text));
}

static bool put_body(int fd, const char *body)
{
    char head[100];
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(body));
    return put_text(fd, head) && put_text(fd, body);
}

/* A slow server: the next piece comes after this time. False: the client has closed before. */
static bool client_waits(int fd, int ms)
{
    struct pollfd client = {.fd = fd, .events = POLLRDHUP};
    return poll(&client, 1, ms) == 0;
}

static bool put_one_by_one(int fd, const char *text)
{
    bool on = true;
    for (; on && *text; text++)
        on = client_waits(fd, 1) && put(fd, text, 1);
    return on;
}

static bool put_for_ever(int fd, const char *begin, const char *again, int pause_ms)
{
    bool on = put_text(fd, begin);
    while (on)
        on = client_waits(fd, pause_ms) && put_text(fd, again);
    return false;
}

static bool put_flood(int fd)
{
    static char piece[64 * 1024];
    memset(piece, 'x', sizeof piece - 1);
    return put_for_ever(fd, "HTTP/1.1 200 OK\r\n\r\n", piece, 0);
}

#endif
