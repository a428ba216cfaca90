#include "grpc/grpc_health.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "grpc/grpc_internal.h"

enum { PAUSE_MS = 100 }; /* before the next try where no descriptor is left */

static bool is_over_for_now(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* One client over the limit is told by a closed connection, not left waiting. */
static void admit(struct grpc_health *health, int fd)
{
    if (health->connections >= GRPC_CONNECTIONS_MAX || connection_start(health, fd) != 0)
        close(fd);
}

static void accept_all(void *arg)
{
    struct grpc_health *health = arg;
    while (socket_watch_park(health->watch, SOCKET_READABLE, DEADLINE_NONE) == WAIT_WOKEN) {
        int fd = accept4(health->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            admit(health, fd);
        else if (is_over_for_now(errno) && fiber_sleep(PAUSE_MS) != 0)
            return;
    }
}

/* Of the listener, once its fiber has ended. */
static void grpc_health_free(struct grpc_health *health)
{
    if (health->watch)
        socket_watch_close(health->watch);
    close(health->fd);
    free(health);
}

struct grpc_health *grpc_health_new(const struct grpc_health_config *config, struct err *err)
{
    int fd = socket_listen(config->address, config->port, err);
    if (fd < 0)
        return NULL;
    struct grpc_health *health = calloc(1, sizeof *health);
    if (!health) {
        close(fd);
        err_set(err, ERR_FAILED, "out of memory");
        return NULL;
    }
    health->config = *config;
    health->fd = fd;
    health->watch = socket_watch_new(fd);
    if (!health->watch || group_go(&health->fibers, accept_all, health) != 0) {
        grpc_health_free(health);
        err_set(err, ERR_FAILED, "out of memory");
        return NULL;
    }
    return health;
}

uint16_t grpc_health_port(const struct grpc_health *health)
{
    return socket_port(health->fd);
}

void grpc_health_close(struct grpc_health *health)
{
    if (!health)
        return;
    group_cancel(&health->fibers);
    group_join(&health->fibers);
    grpc_health_free(health);
}
