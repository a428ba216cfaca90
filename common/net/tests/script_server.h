/* script_server: a server that misbehaves on demand, for the tests of clients.
 *
 * The path selects the behaviour: see script_replies.h. The server runs in its own threads with plain blocking
 * sockets, so it shares no code with the client under test.
 */
#ifndef NET_TESTS_SCRIPT_SERVER_H
#define NET_TESTS_SCRIPT_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/tests/script_replies.h"

static atomic_int connections, requests;

/* Reads one request: the head, and as much of the body as fits. False: the client has disconnected. */
static bool read_request(int fd, char *text, size_t size)
{
    size_t len = 0, kept = 0, wanted = SIZE_MAX;
    char rest[4096];
    while (len < wanted) {
        bool room = kept < size - 1;
        ssize_t got = recv(fd, room ? text + kept : rest, room ? size - 1 - kept : sizeof rest, 0);
        if (got <= 0)
            return false;
        len += (size_t)got;
        kept += room ? (size_t)got : 0;
        text[kept] = '\0';
        const char *end = wanted == SIZE_MAX ? strstr(text, "\r\n\r\n") : NULL;
        const char *length = end ? strcasestr(text, "\r\nContent-Length: ") : NULL;
        if (end)
            wanted = (size_t)(end + 4 - text) + (length ? strtoul(length + 18, NULL, 10) : 0);
    }
    return true;
}

static void *serve_connection(void *arg)
{
    int fd = (int)(intptr_t)arg, connection = ++connections;
    char text[64 * 1024], path[64];
    for (int nth = 1; read_request(fd, text, sizeof text); nth++) {
        requests++;
        if (sscanf(text, "%*s %63s", path) != 1 || !play(fd, path, text, connection, nth))
            break;
    }
    close(fd);
    return NULL;
}

static void *accept_all(void *arg)
{
    int fd, on = 1;
    /* A test may leave this process without a free descriptor for a moment. */
    while ((fd = accept((int)(intptr_t)arg, NULL, NULL)) >= 0 || errno == EMFILE) {
        pthread_t thread;
        if (fd < 0)
            continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        pthread_create(&thread, NULL, serve_connection, (void *)(intptr_t)fd);
        pthread_detach(thread);
    }
    return NULL;
}

/* Binds a free port of 127.0.0.1 or ::1; -1 if the machine has no such address. */
static int bind_free_port(int family, uint16_t *port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    socklen_t len = family == AF_INET ? sizeof v4 : sizeof v6;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, address, len) != 0 || getsockname(fd, address, &len) != 0)
        return -1;
    *port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
    return fd;
}

/* Starts a server, which ends with the test's process. Returns its port, or 0. */
static uint16_t script_server_start(int family)
{
    uint16_t port = 0;
    pthread_t thread;
    int fd = bind_free_port(family, &port);
    if (fd < 0 || listen(fd, 1024) != 0)
        return 0;
    sem_init(&holds, 0, 0);
    pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)fd);
    pthread_detach(thread);
    return port;
}

#endif
