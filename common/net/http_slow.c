/* Time limits for slow clients.
 *
 * A client that sends one byte now and then is never idle, yet it would hold its
 * connection for ever ("Slowloris"). So the limits are not on idleness but on the
 * total time of each phase. Ten times a second some of the connections are checked
 * in turn. So a connection needs no timer of its own, and a read costs nothing more.
 *
 * MHD does not report that the first bytes of a request have arrived, but the kernel
 * counts the bytes received on a socket. Those that no complete request has consumed
 * are the beginning of the next request.
 */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/http_internal.h"

/* RFC 9112 leaves these limits to the server; ours are close to nginx's and Apache's. */
enum {
    FIRST_BYTE_MS = 10 * 1000, /* from accept */
    HEAD_MS = 10 * 1000,       /* from its first byte */
    BODY_MS = 30 * 1000,       /* from the end of the head */
    IDLE_MS = 75 * 1000,       /* between requests */
    REPLY_MS = 75 * 1000,      /* until the client has received it */
};

/* --- The ring of connections ----------------------------------------------------------- */

static void ring_add(struct http_server *server, struct http_connection *connection)
{
    struct http_connection *next = server->ring;
    connection->next = next ? next : connection;
    connection->prev = next ? next->prev : connection;
    connection->next->prev = connection->prev->next = connection;
    server->ring = next ? next : connection;
    server->connections++;
}

static void ring_remove(struct http_server *server, struct http_connection *connection)
{
    connection->prev->next = connection->next;
    connection->next->prev = connection->prev;
    if (server->ring == connection)
        server->ring = connection->next == connection ? NULL : connection->next;
    server->connections--;
}

static void forget_half_head(struct http_connection *connection)
{
    if (connection->head_began_ms)
        connection->server->half_heads--;
    connection->head_began_ms = 0;
}

static struct http_connection *connection_new(struct http_server *server, struct MHD_Connection *mhd)
{
    struct http_connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return NULL; /* request_begin closes it */
    connection->server = server;
    connection->mhd = mhd;
    connection->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    connection->since_ms = clock_ms();
    connection->large = !server->adding->is_small;
    memcpy(connection->first_length, server->adding->length, sizeof connection->first_length);
    connection->first_is_chunked = server->adding->is_chunked;
    server->large_connections += connection->large;
    ring_add(server, connection);
    connection->surplus = server->adding_surplus;
    return connection;
}

void connection_on_change(void *arg, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http_server *server = arg;
    struct http_connection *connection = *context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = connection_new(server, mhd);
        return;
    }
    if (!connection)
        return;
    forget_half_head(connection);
    ring_remove(server, connection);
    server->large_connections -= connection->large;
    free(connection);
    server_check_idle(server);
}

/* --- Heads that have begun ----------------------------------------------------------------- */

static bool head_has_begun(struct http_connection *connection)
{
    struct tcp_info info;
    socklen_t len = sizeof info;
    if (getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        return false;
    if (connection->consumed_unknown) {
        connection->consumed_unknown = false;
        connection->consumed = info.tcpi_bytes_received;
    }
    return info.tcpi_bytes_received > connection->consumed;
}

int64_t slow_take_head(struct http_connection *connection)
{
    int64_t began_ms = connection->head_began_ms ? connection->head_began_ms : clock_ms();
    forget_half_head(connection);
    return began_ms;
}

/* --- Deadlines ----------------------------------------------------------------------------- */

static int64_t deadline_between_requests(struct http_connection *connection)
{
    if (!connection->head_began_ms && head_has_begun(connection)) {
        connection->head_began_ms = clock_ms();
        connection->server->half_heads++;
    }
    if (connection->head_began_ms)
        return connection->head_began_ms + HEAD_MS;
    return connection->since_ms + (connection->used ? IDLE_MS : FIRST_BYTE_MS);
}

static int64_t deadline_of(struct http_connection *connection)
{
    const struct http_request *req = connection->request;
    if (!req)
        return deadline_between_requests(connection);
    switch (req->phase) {
    case HTTP_HEAD:
        return req->began_ms + HEAD_MS;
    case HTTP_BODY:
        return req->began_ms + BODY_MS;
    case HTTP_REPLYING:
        if (req->stream && req->stream->suspended)
            return DEADLINE_NONE; /* the client has received all there is */
        return req->began_ms + REPLY_MS;
    default:
        return DEADLINE_NONE; /* the handler has its own deadlines */
    }
}

/* MHD then reads the end of the stream and cleans up. */
static void cut(struct http_connection *connection)
{
    struct http_request *req = connection->request;
    if (req && req->phase == HTTP_BODY)
        reply_raw(req, connection->fd, 408, "the request body did not arrive in time");
    shutdown(connection->fd, SHUT_RDWR);
    connection->cut = true;
}

void slow_sweep(struct http_server *server, size_t count)
{
    int64_t now = clock_ms();
    if (count > server->connections)
        count = server->connections;
    for (; count > 0; count--) {
        struct http_connection *connection = server->ring;
        server->ring = connection->next;
        if (!connection->cut && deadline_of(connection) <= now)
            cut(connection);
    }
}
