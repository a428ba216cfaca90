#include "net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "loop/loop.h"

/* --- Listening ----------------------------------------------------------------------------- */

/* Fills `out`; returns its length, or 0 if the address is not numeric. */
static socklen_t parse_address(const char *address, uint16_t port, struct sockaddr_storage *out)
{
    *out = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        return sizeof *v6;
    }
    return 0;
}

/* With SO_REUSEADDR, else a restarted server could not listen for a minute. Without
 * SO_REUSEPORT, else two servers could share one port unnoticed. */
int socket_listen(const char *address, uint16_t port, struct err *err)
{
    struct sockaddr_storage to;
    socklen_t len = parse_address(address, port, &to);
    if (len == 0)
        return err_set(err, ERR_INVALID, "cannot listen on %s: not a numeric address", address);

    int on = 1;
    int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (struct sockaddr *)&to, len) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;

    if (errno == EADDRINUSE)
        err_set(err, ERR_CONFLICT, "cannot listen on %s: port %u is in use by another program", address, port);
    else
        err_set(err, ERR_FAILED, "cannot listen on %s, port %u: %s", address, port, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

uint16_t socket_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in; /* sin_port and sin6_port have the same offset */
        struct sockaddr_in6 in6;
    } address = {.in6 = {.sin6_port = 0}};
    socklen_t len = sizeof address;
    getsockname(fd, &address.any, &len);
    return ntohs(address.in.sin_port);
}

static bool is_loopback_v4(const void *address)
{
    return *(const unsigned char *)address == 127;
}

/* A listener on :: also accepts IPv4, and shows it as ::ffff:a.b.c.d. */
static bool is_loopback_v6(const struct in6_addr *address)
{
    return IN6_IS_ADDR_LOOPBACK(address) ||
           (IN6_IS_ADDR_V4MAPPED(address) && is_loopback_v4(&address->s6_addr[12]));
}

bool socket_peer_is_loopback(int fd)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0)
        return false;
    if (peer.ss_family == AF_INET6)
        return is_loopback_v6(&((const struct sockaddr_in6 *)&peer)->sin6_addr);
    return peer.ss_family == AF_INET && is_loopback_v4(&((const struct sockaddr_in *)&peer)->sin_addr);
}

/* --- Waiting ------------------------------------------------------------------------------- */

struct socket_watch {
    uv_poll_t poll;      /* the first member, so that free_watch can free it */
    struct wait *waiter; /* NULL: no fiber waits */
};

struct socket_watch *socket_watch_new(int fd)
{
    struct socket_watch *watch = calloc(1, sizeof *watch);
    if (watch && uv_poll_init(loop_uv(), &watch->poll, fd) == 0)
        return watch;
    free(watch);
    return NULL;
}

static void free_watch(uv_handle_t *handle)
{
    free(handle);
}

void socket_watch_close(struct socket_watch *watch)
{
    uv_close((uv_handle_t *)&watch->poll, free_watch);
}

/* A broken socket (status < 0) counts as ready: reading or writing it returns the error. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    socket_watch_wake((struct socket_watch *)poll);
}

enum wait_result socket_watch_park(struct socket_watch *watch, enum socket_event event, int64_t deadline)
{
    struct wait wait;
    wait_init(&wait);
    watch->waiter = &wait;
    uv_poll_start(&watch->poll, event == SOCKET_READABLE ? UV_READABLE : UV_WRITABLE, on_ready);
    enum wait_result result = wait_park(&wait, deadline);
    uv_poll_stop(&watch->poll);
    watch->waiter = NULL;
    return result;
}

void socket_watch_wake(struct socket_watch *watch)
{
    if (watch->waiter)
        wait_wake(watch->waiter);
}
