/* New connections, until the head of their first request has arrived.
 *
 * We accept them, not libmicrohttpd (MHD), and look at the head without taking it (MSG_PEEK), as often as more
 * of it arrives. An invalid head gets our own reply. A connection with a small head goes to the MHD daemon that has
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
    bool surplus;     /* over max_connections when it was accepted */
    int64_t since_ms; /* accepted, or the first byte arrived */
    size_t seen;      /* bytes that have arrived */
    bool begun;       /* counted in server->half_heads */
    struct first_head head;
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
    server->half_heads -= arrival->begun;
    uv_close((uv_handle_t *)&arrival->poll, free_arrival);
}

/* --- The first head -------------------------------------------------------------------------- */

static char bytes[HTTP_HEAD_MAX + 1]; /* of one connection at a time */

static void hand_over(const struct http_arrival *arrival)
{
    const struct sockaddr_in unused = {.sin_family = AF_INET}; /* MHD stores an address; we use none */
    struct http_server *server = arrival->server;
    server->adding = &arrival->head;
    server->adding_surplus = arrival->surplus;
    MHD_add_connection(arrival->head.is_small ? server->mhd : server->mhd_large, arrival->fd,
                       (const struct sockaddr *)&unused, sizeof unused);
    server_want_pump(server);
}

/* A close() with unread bytes would reset the connection, and the client might lose the reply. */
static void reject(const struct http_arrival *arrival)
{
    request_reject_raw(arrival->server, arrival->fd, arrival->head.status, arrival->head.reason);
    shutdown(arrival->fd, SHUT_WR);
    while (recv(arrival->fd, bytes, HTTP_HEAD_MAX, 0) > 0) {
    }
    close(arrival->fd);
}

/* False: the head is not complete. */
static bool look(struct http_arrival *arrival)
{
    ssize_t len = recv(arrival->fd, bytes, HTTP_HEAD_MAX, MSG_PEEK);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (len <= 0) {
        close(arrival->fd);
        return true;
    }
    /* The client has closed its end, or the kernel cannot keep more (thousands of tiny packets). MHD reads it. */
    bool comes_no_more = (size_t)len == arrival->seen;
    bytes[len] = '\0';
    arrival->seen = (size_t)len;
    first_head_judge(&arrival->head, bytes, arrival->seen, HTTP_HEAD_MAX);
    if (arrival->head.status != 0)
        reject(arrival);
    else if (arrival->head.is_complete || comes_no_more)
        hand_over(arrival);
    else
        return false;
    return true;
}

static void on_bytes(uv_poll_t *poll, int status, int events);

/* The socket counts as readable when it has `count` bytes, so those that stay in it do not wake us again. */
static void wake_at(const struct http_arrival *arrival, size_t count)
{
    int wanted = (int)count;
    setsockopt(arrival->fd, SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof wanted);
}

static void await_more(struct http_arrival *arrival)
{
    if (arrival->seen > 0) {
        wake_at(arrival, arrival->seen + 1);
        if (!arrival->begun) {
            arrival->begun = true;
            arrival->since_ms = clock_ms();
            arrival->server->half_heads++;
        }
    }
    uv_poll_start(&arrival->poll, UV_READABLE, on_bytes);
}

static void on_bytes(uv_poll_t *poll, int status, int events)
{
    struct http_arrival *arrival = (struct http_arrival *)poll;
    (void)status, (void)events;
    uv_poll_stop(poll); /* before MHD watches the socket */
    if (arrival->begun)
        wake_at(arrival, 1); /* MHD wants each byte */
    if (look(arrival))
        forget(arrival);
    else
        await_more(arrival);
}

/* --- Accepting ------------------------------------------------------------------------------- */

static void keep(const struct http_arrival *accepted)
{
    struct http_server *server = accepted->server;
    struct http_arrival *arrival = malloc(sizeof *arrival);
    if (arrival)
        *arrival = *accepted;
    if (!arrival || uv_poll_init(loop_uv(), &arrival->poll, arrival->fd) != 0) {
        free(arrival);
        close(accepted->fd);
        return;
    }
    arrival->next = server->arrivals;
    if (arrival->next)
        arrival->next->prev = arrival;
    server->arrivals = arrival;
    server->arrival_count++;
    await_more(arrival);
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
        struct http_arrival accepted = {.server = server, .fd = fd, .surplus = open >= max, .since_ms = clock_ms()};
        if (!look(&accepted))
            keep(&accepted);
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
