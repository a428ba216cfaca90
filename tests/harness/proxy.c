#include "harness/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS_MAX = 128, POLL_MS = 50, CHUNK = 65536 };
enum side { SERVICE, SERVER, SIDES };

/* One connection of a service, and the one to the server that belongs to it. */
struct pair {
    int fd[SIDES];
    enum side last; /* which side has sent last */
};

struct proxy {
    struct sockaddr_in server;
    int listener, port;
    pthread_t thread;
    atomic_bool stop;
    atomic_int_least64_t requests, bytes;
    /* The thread's own: */
    struct pair pairs[PAIRS_MAX];
    int count;
    char chunk[CHUNK];
};

/* --- One connection -------------------------------------------------------------------- */

static void accept_one(struct proxy *proxy)
{
    struct pair pair = {
        .fd = {accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC), socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)},
        .last = SERVER};
    const struct sockaddr *server = (const struct sockaddr *)&proxy->server;
    if (proxy->count == PAIRS_MAX || pair.fd[SERVICE] < 0 || pair.fd[SERVER] < 0 ||
        connect(pair.fd[SERVER], server, sizeof proxy->server) != 0) {
        close(pair.fd[SERVICE]);
        close(pair.fd[SERVER]);
        return;
    }
    for (int side = 0; side < SIDES; side++)
        setsockopt(pair.fd[side], IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    proxy->pairs[proxy->count++] = pair;
}

static bool send_all(int fd, const char *bytes, ssize_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, (size_t)len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes += sent;
        len -= sent;
    }
    return true;
}

/* False: one side has closed. */
static bool forward(struct proxy *proxy, struct pair *pair, enum side from)
{
    ssize_t len = recv(pair->fd[from], proxy->chunk, sizeof proxy->chunk, 0);
    if (len <= 0)
        return len < 0 && errno == EINTR;
    proxy->requests += from == SERVICE && pair->last == SERVER;
    proxy->bytes += len;
    pair->last = from;
    return send_all(pair->fd[from == SERVICE ? SERVER : SERVICE], proxy->chunk, len);
}

static void close_pair(struct pair *pair)
{
    close(pair->fd[SERVICE]);
    close(pair->fd[SERVER]);
}

/* --- All connections ------------------------------------------------------------------- */

/* Which sides of the first `count` pairs have data. The pairs that end are replaced by the last one, so backwards. */
static void forward_ready(struct proxy *proxy, const struct pollfd *polled, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        bool open = true;
        for (int side = 0; side < SIDES && open; side++)
            if (polled[i * SIDES + side].revents)
                open = forward(proxy, &proxy->pairs[i], (enum side)side);
        if (!open) {
            close_pair(&proxy->pairs[i]);
            proxy->pairs[i] = proxy->pairs[--proxy->count];
        }
    }
}

static void *run(void *arg)
{
    struct proxy *proxy = arg;
    struct pollfd polled[1 + PAIRS_MAX * SIDES];
    while (!proxy->stop) {
        int count = proxy->count;
        polled[0] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
        for (int i = 0; i < count * SIDES; i++)
            polled[1 + i] = (struct pollfd){.fd = proxy->pairs[i / SIDES].fd[i % SIDES], .events = POLLIN};
        if (poll(polled, 1 + (nfds_t)count * SIDES, POLL_MS) <= 0)
            continue;
        forward_ready(proxy, polled + 1, count);
        if (polled[0].revents)
            accept_one(proxy);
    }
    return NULL;
}

/* --- Start and stop -------------------------------------------------------------------- */

static int listen_anywhere(struct proxy *proxy)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof own;
    proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (proxy->listener < 0 || bind(proxy->listener, (struct sockaddr *)&own, len) != 0 ||
        listen(proxy->listener, SOMAXCONN) != 0 || getsockname(proxy->listener, (struct sockaddr *)&own, &len) != 0)
        return -1;
    proxy->port = ntohs(own.sin_port);
    return 0;
}

struct proxy *proxy_start(const char *address, int port, struct err *err)
{
    struct proxy *proxy = calloc(1, sizeof *proxy);
    if (!proxy) {
        err_set(err, ERR_FAILED, "cannot start a proxy: out of memory");
        return NULL;
    }
    proxy->server.sin_family = AF_INET;
    proxy->server.sin_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, address, &proxy->server.sin_addr) == 1 && listen_anywhere(proxy) == 0 &&
        pthread_create(&proxy->thread, NULL, run, proxy) == 0)
        return proxy;
    err_set(err, ERR_FAILED, "cannot start a proxy: %s", strerror(errno));
    if (proxy->listener > 0)
        close(proxy->listener);
    free(proxy);
    return NULL;
}

int proxy_port(const struct proxy *proxy)
{
    return proxy->port;
}

struct traffic proxy_traffic(const struct proxy *proxy)
{
    return (struct traffic){proxy->requests, proxy->bytes};
}

void proxy_stop(struct proxy *proxy)
{
    if (!proxy)
        return;
    proxy->stop = true;
    pthread_join(proxy->thread, NULL);
    for (int i = 0; i < proxy->count; i++)
        close_pair(&proxy->pairs[i]);
    close(proxy->listener);
    free(proxy);
}
