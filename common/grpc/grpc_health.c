#include "grpc/grpc_health.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "grpc/grpc_internal.h"

enum { PAUSE_MS = 100 }; /* before the next accept while no descriptor is free */

static bool is_out_of_resources(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* A client over the limit sees a closed connection at once instead of waiting. */
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
        else if (is_out_of_resources(errno) && fiber_sleep(PAUSE_MS) != 0)
            return;
    }
}

/* Called after the fibers have ended. */
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
        err_set(err, ERR_FAILED, "cannot start the gRPC health server: out of memory");
        return NULL;
    }
    health->config = *config;
    health->fd = fd;
    health->watch = socket_watch_new(fd);
    if (!health->watch || group_go(&health->fibers, accept_all, health) != 0) {
        grpc_health_free(health);
        err_set(err, ERR_FAILED, "cannot start the gRPC health server: out of memory");
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
