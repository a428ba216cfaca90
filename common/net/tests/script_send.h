/* script_send: how script_server sends a reply: at once, byte by byte, or without an end. Each returns false when the
 * connection must be closed.
 */
#ifndef NET_TESTS_SCRIPT_SEND_H
#define NET_TESTS_SCRIPT_SEND_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

static bool put_one_by_one(int fd, const char *text)
{
    for (; *text; text++) {
        usleep(1000);
        if (!put(fd, text, 1))
            return false;
    }
    return true;
}

static bool put_for_ever(int fd, const char *begin, const char *again, unsigned pause_us)
{
    bool on = put_text(fd, begin);
    while (on) {
        if (pause_us)
            usleep(pause_us);
        on = put_text(fd, again);
    }
    return false;
}

static bool put_flood(int fd)
{
    static char piece[64 * 1024];
    memset(piece, 'x', sizeof piece - 1);
    return put_for_ever(fd, "HTTP/1.1 200 OK\r\n\r\n", piece, 0);
}

#endif
