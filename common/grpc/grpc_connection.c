#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "grpc/grpc_internal.h"

/* What is bounded is not silence but the time without a whole request: a client
 * that sends one byte now and then is not silent, and neither is one that pings. */
enum {
    FIRST_MS = 10 * 1000, /* from accept to the end of the first request */
    NEXT_MS = 75 * 1000,  /* from one to the next; as between HTTP requests */
};

/* --- The answer ------------------------------------------------------------------------------ */

static void ask(void *arg)
{
    struct grpc_call *call = arg;
    const struct grpc_health_config *config = &call->connection->health->config;
    struct err err = ERR_INIT;
    reply_health(call, config->ask(config->arg, &err) == 0);
    socket_watch_wake(call->connection->watch);
}

static bool is_known(const struct grpc_health *health, const char *service, size_t len)
{
    return len == 0 || (len == strlen(health->config.service) && memcmp(service, health->config.service, len) == 0);
}

static void answer_check(struct grpc_call *call)
{
    struct grpc_connection *connection = call->connection;
    const char *service, *why;
    size_t len;
    enum grpc_status status = grpc_parse_health(call->body, call->body_len, &service, &len, &why);
    if (status != GRPC_OK) {
        reply_failed(call, status, why);
    } else if (!is_known(connection->health, service, len)) {
        reply_failed(call, GRPC_NOT_FOUND, "unknown service");
    } else {
        call->phase = CALL_ASKING;
        if (group_go(&connection->asking, ask, call) != 0)
            reply_failed(call, GRPC_UNAVAILABLE, "too much to do at once");
    }
}

static void answer(struct grpc_call *call)
{
    call->connection->silent_at = deadline_in(NEXT_MS);
    if (!call->is_post)
        reply_no_grpc(call, "405");
    else if (!call->is_grpc)
        reply_no_grpc(call, "415");
    else if (!call->is_check)
        reply_failed(call, GRPC_UNIMPLEMENTED, "only grpc.health.v1.Health/Check is served here");
    else
        answer_check(call);
}

/* --- The connection -------------------------------------------------------------------------- */

/* Where the client does not take what we send, nothing more is read: so what
 * waits to be sent stays small. */
static int exchange(struct grpc_connection *connection)
{
    if (session_send(connection) != 0)
        return -1;
    if (connection->blocked)
        return 0;
    if (session_receive(connection) != 0)
        return -1;
    for (struct grpc_call *call = connection->calls; call < connection->calls + GRPC_CALLS_MAX; call++)
        if (call->phase == CALL_WHOLE)
            answer(call);
    return session_send(connection);
}

static void connection_free(struct grpc_connection *connection)
{
    if (connection->watch)
        socket_watch_close(connection->watch);
    free(connection);
}

static void serve(void *arg)
{
    struct grpc_connection *connection = arg;
    if (session_open(connection) == 0) {
        while (exchange(connection) == 0) {
            enum socket_event event = connection->blocked ? SOCKET_WRITABLE : SOCKET_READABLE;
            if (socket_watch_park(connection->watch, event, connection->silent_at) != WAIT_WOKEN)
                break;
        }
    }
    group_join(&connection->asking); /* they point into the connection */
    if (connection->session)
        session_close(connection);
    int fd = connection->fd;
    connection->health->connections--;
    connection_free(connection);
    close(fd);
}

int connection_start(struct grpc_health *health, int fd)
{
    struct grpc_connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return -1;
    connection->health = health;
    connection->fd = fd;
    connection->silent_at = deadline_in(FIRST_MS);
    connection->watch = socket_watch_new(fd);
    if (!connection->watch || group_go(&health->fibers, serve, connection) != 0) {
        connection_free(connection);
        return -1;
    }
    health->connections++;
    return 0;
}
