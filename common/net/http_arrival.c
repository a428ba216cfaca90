/* New connections, until the first bytes of their first request arrive.
 *
 * We accept them, not libmicrohttpd (MHD), and look at those bytes without taking them (MSG_PEEK). An
 * invalid head gets our own reply. A connection with a small head goes to the MHD daemon that has
 * 8 KiB for each connection. Any other goes to a second daemon with room for a large head; it serves
 * one request of each connection, so no idle connection keeps that memory.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/own_limit.h"
#include "loop/loop.h"
#include "net/http_first_head.h"
#include "net/http_internal.h"

enum { ACCEPT_BATCH = 64, SILENT_MS = 10 * 1000 };

struct http_arrival {
    uv_poll_t poll; /* the first member, so that free_arrival can free it */
    struct http_server *server;
    struct http_arrival *prev, *next;
    int fd;
    bool surplus; /* over max_connections when it was accepted */
    int64_t since_ms;
};

static void free_arrival(uv_handle_t *handle)
{
    free(handle);
}

/* The arrival ends; its socket stays open. */
static void forget(struct http_arrival *arrival)
{
    struct http_server *server = arrival->server;
    if (arrival->prev)
        arrival->prev->next = arrival->next;
    else
        server->arrivals = arrival->next;
    if (arrival->next)
        arrival->next->prev = arrival->prev;
    server->arrival_count--;
    uv_close((uv_handle_t *)&arrival->poll, free_arrival);
}

/* --- The first bytes ------------------------------------------------------------------------- */

static char bytes[HTTP_HEAD_MAX + 1]; /* of one connection at a time */

static void hand_over(struct http_server *server, int fd, bool is_large, bool is_surplus)
{
    const struct sockaddr_in unused = {.sin_family = AF_INET}; /* MHD stores an address; we use none */
    server->adding_large = is_large;
    server->adding_surplus = is_surplus;
    MHD_add_connection(is_large ? server->mhd_large : server->mhd, fd, (const struct sockaddr *)&unused,
                       sizeof unused);
    server_want_pump(server);
}

/* A close() with unread bytes would reset the connection, and the client might lose the reply. */
static void reject(struct http_server *server, int fd, const struct first_head *head)
{
    request_reject_raw(server, fd, head->status, head->reason);
    shutdown(fd, SHUT_WR);
    while (recv(fd, bytes, HTTP_HEAD_MAX, 0) > 0) {
    }
    close(fd);
}

/* False: nothing has arrived yet. */
static bool look(struct http_server *server, int fd, bool is_surplus)
{
    ssize_t len = recv(fd, bytes, HTTP_HEAD_MAX, MSG_PEEK);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (len <= 0) {
        close(fd);
        return true;
    }
    bytes[len] = '\0';
    struct first_head head = first_head_judge(bytes, (size_t)len, HTTP_HEAD_MAX);
    if (head.status != 0)
        reject(server, fd, &head);
    else
        hand_over(server, fd, !head.is_small, is_surplus);
    return true;
}

static void on_bytes(uv_poll_t *poll, int status, int events)
{
    struct http_arrival *arrival = (struct http_arrival *)poll;
    (void)status, (void)events;
    uv_poll_stop(poll); /* before MHD watches the socket */
    if (look(arrival->server, arrival->fd, arrival->surplus))
        forget(arrival);
    else
        uv_poll_start(poll, UV_READABLE, on_bytes);
}

/* --- Accepting ------------------------------------------------------------------------------- */

static void await_bytes(struct http_server *server, int fd, bool is_surplus)
{
    struct http_arrival *arrival = calloc(1, sizeof *arrival);
    if (!arrival || uv_poll_init(loop_uv(), &arrival->poll, fd) != 0) {
        free(arrival);
        close(fd);
        return;
    }
    arrival->server = server;
    arrival->fd = fd;
    arrival->surplus = is_surplus;
    arrival->since_ms = clock_ms();
    arrival->next = server->arrivals;
    if (arrival->next)
        arrival->next->prev = arrival;
    server->arrivals = arrival;
    server->arrival_count++;
    uv_poll_start(&arrival->poll, UV_READABLE, on_bytes);
}

/* False: at a limit of this process, which is logged. */
static bool can_accept_more(void)
{
    if (!own_limit_is(errno))
        return true;
    own_limit_log(errno);
    return false;
}

bool arrivals_accept(struct http_server *server, int listener)
{
    size_t max = server->config.max_connections;
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        size_t open = server->connections + server->arrival_count;
        if (open >= max + HTTP_SURPLUS_MAX)
            return false;
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return can_accept_more();
        if (!look(server, fd, open >= max))
            await_bytes(server, fd, open >= max);
    }
    return true;
}

/* --- Ending ---------------------------------------------------------------------------------- */

static void close_before(struct http_server *server, int64_t accepted_before, int64_t surplus_before)
{
    for (struct http_arrival *arrival = server->arrivals, *next; arrival; arrival = next) {
        next = arrival->next;
        if (arrival->since_ms > (arrival->surplus ? surplus_before : accepted_before))
            continue;
        int fd = arrival->fd;
        forget(arrival);
        close(fd);
    }
}

void arrivals_close_silent(struct http_server *server)
{
    close_before(server, clock_ms() - SILENT_MS, clock_ms() - HTTP_SURPLUS_MS);
}

void arrivals_close_all(struct http_server *server)
{
    close_before(server, INT64_MAX, INT64_MAX);
}
