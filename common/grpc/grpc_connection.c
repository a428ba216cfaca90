/* One connection of the gRPC health server: its fiber, and the reply to each call. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "grpc/grpc_internal.h"

/* The limits are on the time without a complete request, not on silence: a client that
 * sends one byte now and then, or pings, is never silent. */
enum {
    FIRST_MS = 10 * 1000, /* from accept to the end of the first request */
    NEXT_MS = 75 * 1000,  /* from one request to the next; as for HTTP/1.1 in http_slow.c */
};

/* --- The reply ------------------------------------------------------------------------------- */

static void check_and_reply(void *arg)
{
    struct grpc_call *call = arg;
    const struct grpc_health_config *config = &call->connection->health->config;
    struct err err = ERR_INIT;
    reply_health(call, config->check(config->arg, &err) == 0);
    socket_watch_wake(call->connection->watch);
}

static bool is_known(const struct grpc_health *health, const char *service, size_t len)
{
    return len == 0 || (len == strlen(health->config.service) && memcmp(service, health->config.service, len) == 0);
}

static void start_check(struct grpc_call *call)
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
        call->phase = CALL_CHECKING;
        if (group_go(&connection->checks, check_and_reply, call) != 0)
            reply_failed(call, GRPC_UNAVAILABLE, "too many concurrent requests");
    }
}

static void handle_call(struct grpc_call *call)
{
    call->connection->silent_at = deadline_in(NEXT_MS);
    if (!call->is_post)
        reply_http_error(call, "405");
    else if (!call->is_grpc)
        reply_http_error(call, "415");
    else if (!call->is_check)
        reply_failed(call, GRPC_UNIMPLEMENTED, "only grpc.health.v1.Health/Check is served here");
    else
        start_check(call);
}

/* --- The connection -------------------------------------------------------------------------- */

/* While the client does not read what we send, we do not read from it either. So the
 * bytes that wait to be sent stay few. */
static int exchange(struct grpc_connection *connection)
{
    if (session_send(connection) != 0)
        return -1;
    if (connection->blocked)
        return 0;
    if (session_receive(connection) != 0)
        return -1;
    for (struct grpc_call *call = connection->calls; call < connection->calls + GRPC_CALLS_MAX; call++)
        if (call->phase == CALL_RECEIVED)
            handle_call(call);
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
    group_join(&connection->checks); /* their calls are part of the connection */
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
