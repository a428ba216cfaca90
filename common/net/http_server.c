/* Creates and closes the server, and runs libmicrohttpd (MHD) on our loop.
 *
 * MHD keeps its sockets in an epoll of its own. We watch that one descriptor and
 * call MHD_run() after each batch of fibers: it reads what has arrived and sends
 * the replies of the whole batch.
 */
#include "net/http_server.h"

#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "loop/loop.h"
#include "net/http_internal.h"
#include "net/socket.h"

enum {
    TICK_MS = 100,
    SWEEP_SLICE = 500,  /* connections checked in a tick, about 1 us each: 10,000 within 2 s */
    PUMP_ROUNDS = 4,    /* calls of MHD_run() before fibers run again */
    /* For each connection: the head of a request and the head of its reply. A
     * quarter of MHD's default, and measured as fast. */
    MEMORY_BYTES = 8192,
    /* For a connection with a large head: see http_arrival.c. Half of it is for a list of cookies
     * and parameters. It is address space: only the pages in use take memory. */
    MEMORY_LARGE_BYTES = 2 * 1024 * 1024,
    CONNECTIONS_MAX = 100000,
};

/* Lives one turn of the loop longer than the server, because libuv closes handles in the next turn. */
struct http_handles {
    uv_poll_t poll, poll_large; /* MHD's epolls */
    uv_poll_t listener;         /* closed when we stop listening */
    uv_timer_t tick; /* checks slow clients, and runs MHD in case it has work left */
    uv_idle_t again; /* active while MHD has work that it can do at once */
    int open;
};

/* --- Pump -------------------------------------------------------------------------------- */

static void on_again(uv_idle_t *handle)
{
    (void)handle; /* while it is active, the loop does not wait */
}

/* While a connection is polled, MHD always reports more work: to poll it again. Then only
 * an upload is a reason to run MHD again at once. */
static bool mhd_has_more(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;
    if (server->polled_count > 0)
        return server->uploading;
    return (MHD_get_timeout(server->mhd, &timeout_ms) == MHD_YES && timeout_ms == 0) ||
           (server->large_connections > 0 && MHD_get_timeout(server->mhd_large, &timeout_ms) == MHD_YES &&
            timeout_ms == 0);
}

static void pump(void *arg)
{
    struct http_server *server = arg;
    if (!server->pump_wanted)
        return;
    int rounds = 0;
    do {
        server->uploading = false;
        MHD_run(server->mhd);
        if (server->large_connections > 0)
            MHD_run(server->mhd_large);
        server->pump_wanted = mhd_has_more(server);
    } while (server->pump_wanted && ++rounds < PUMP_ROUNDS);

    if (server->pump_wanted)
        uv_idle_start(&server->handles->again, on_again);
    else
        uv_idle_stop(&server->handles->again);
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
    (void)status, (void)events;
    server_want_pump(handle->data);
}

static void on_client(uv_poll_t *handle, int status, int events)
{
    struct http_server *server = handle->data;
    (void)status, (void)events;
    if (!arrivals_accept(server, server->listener))
        uv_poll_stop(handle); /* until the next tick: else the loop would spin */
}

static void on_tick(uv_timer_t *handle)
{
    struct http_server *server = handle->data;
    if (server->listening)
        uv_poll_start(&server->handles->listener, UV_READABLE, on_client);
    arrivals_close_silent(server);
    wait_suspend_all(server);
    slow_sweep(server, server->draining ? SIZE_MAX : SWEEP_SLICE);
    server_check_idle(server);
    server_want_pump(server);
}

/* --- Start --------------------------------------------------------------------------------- */

static struct MHD_Daemon *start_mhd(struct http_server *server, size_t memory)
{
    unsigned connections = (unsigned)server->config.max_connections + HTTP_SURPLUS_MAX;
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
                            request_on_call, server,
                            MHD_OPTION_CONNECTION_LIMIT, connections,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory,
                            MHD_OPTION_URI_LOG_CALLBACK, request_begin, server,
                            MHD_OPTION_NOTIFY_COMPLETED, request_end, server,
                            MHD_OPTION_NOTIFY_CONNECTION, connection_on_change, server,
                            MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
                            MHD_OPTION_END);
}

static void watch(struct http_server *server, uv_poll_t *poll, int fd, uv_poll_cb callback)
{
    uv_poll_init(loop_uv(), poll, fd);
    poll->data = server;
    uv_poll_start(poll, UV_READABLE, callback);
}

static int epoll_of(struct MHD_Daemon *mhd)
{
    return MHD_get_daemon_info(mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

static void join_loop(struct http_server *server)
{
    struct http_handles *handles = server->handles;
    watch(server, &handles->poll, epoll_of(server->mhd), on_readable);
    watch(server, &handles->poll_large, epoll_of(server->mhd_large), on_readable);
    watch(server, &handles->listener, server->listener, on_client);
    uv_timer_init(loop_uv(), &handles->tick);
    uv_idle_init(loop_uv(), &handles->again);
    handles->open = 5;
    handles->tick.data = server;
    uv_timer_start(&handles->tick, on_tick, TICK_MS, TICK_MS);
    loop_add_hook(pump, server);
}

struct http_server *http_server_new(const struct http_server_config *config, struct err *err)
{
    /* Our own socket, because MHD would open one without SO_REUSEADDR or with SO_REUSEPORT. */
    int fd = socket_listen(config->address, config->port, err);
    if (fd < 0)
        return NULL;
    struct http_server *server = calloc(1, sizeof *server);
    struct http_handles *handles = calloc(1, sizeof *handles);
    if (server && handles) {
        server->config = *config;
        if (config->max_connections == 0 || config->max_connections > CONNECTIONS_MAX)
            server->config.max_connections = CONNECTIONS_MAX;
        server->port = socket_port(fd);
        server->listening = true;
        server->handles = handles;
        server->listener = fd;
        server->mhd = start_mhd(server, MEMORY_BYTES);
        server->mhd_large = server->mhd ? start_mhd(server, MEMORY_LARGE_BYTES) : NULL;
    }
    if (!server || !server->mhd_large) {
        if (server && server->mhd)
            MHD_stop_daemon(server->mhd);
        err_set(err, ERR_FAILED, "cannot start the HTTP server on port %u: out of memory", config->port);
        close(fd);
        free(handles);
        free(server);
        return NULL;
    }
    join_loop(server);
    return server;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

/* --- Shutdown ------------------------------------------------------------------------------- */

void http_server_drain(struct http_server *server)
{
    server->draining = true;
    streams_wake_all(server);
    slow_sweep(server, SIZE_MAX);
}

int64_t http_server_last_call_ms(const struct http_server *server)
{
    return server->last_call_ms;
}


size_t http_server_in_flight(const struct http_server *server)
{
    return server_in_flight(server);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_handles *handles = handle->data;
    if (--handles->open == 0)
        free(handles);
}

void http_server_stop_listening(struct http_server *server)
{
    if (!server->listening)
        return;
    server->listening = false;
    server->handles->listener.data = server->handles;
    uv_close((uv_handle_t *)&server->handles->listener, on_handle_closed);
    close(server->listener);
}

static bool wait_until_idle(struct http_server *server, int64_t deadline)
{
    slow_sweep(server, SIZE_MAX);
    if (server_in_flight(server) > 0) {
        struct wait wait;
        wait_init(&wait);
        server->idle_waiter = &wait;
        wait_park(&wait, deadline);
        server->idle_waiter = NULL;
    }
    return server_in_flight(server) == 0;
}

static void leave_loop(struct http_server *server)
{
    struct http_handles *handles = server->handles;
    loop_remove_hook(pump, server);
    handles->poll.data = handles->poll_large.data = handles->tick.data = handles->again.data = handles;
    uv_close((uv_handle_t *)&handles->poll, on_handle_closed);
    uv_close((uv_handle_t *)&handles->poll_large, on_handle_closed);
    uv_close((uv_handle_t *)&handles->tick, on_handle_closed);
    uv_close((uv_handle_t *)&handles->again, on_handle_closed);
}

bool http_server_close(struct http_server *server, int64_t deadline)
{
    server->draining = true;
    streams_wake_all(server);
    http_server_stop_listening(server);
    bool clean = wait_until_idle(server, deadline);

    /* MHD aborts the program if a connection is still suspended when MHD stops. So every
     * handler must end first. Then its reply is sent, as far as the socket's buffer takes it. */
    server->closing = true;
    group_cancel(&server->handlers);
    group_join(&server->handlers);
    server_want_pump(server);
    pump(server);

    arrivals_close_all(server);
    leave_loop(server);
    MHD_stop_daemon(server->mhd);
    MHD_stop_daemon(server->mhd_large);
    requests_free_pool(server);
    free(server);
    return clean;
}

/* --- Metrics --------------------------------------------------------------------------------- */

void http_server_metrics(const struct http_server *server, struct buf *out)
{
    metrics_head(out, "http_server_connections", "gauge", "Open client connections.");
    metrics_value(out, "http_server_connections", NULL, (int64_t)(server->connections + server->arrival_count));
    metrics_head(out, "http_server_draining", "gauge", "1 after the signal to stop, else 0.");
    metrics_value(out, "http_server_draining", NULL, server->draining);
    metrics_head(out, "http_server_active_requests", "gauge", "Requests whose reply is not completely sent.");
    for (int i = 0; i < HTTP_METHODS; i++) {
        char labels[80];
        metrics_labels(labels, sizeof labels, "http_request_method", http_methods[i], "url_scheme", "http");
        metrics_value(out, "http_server_active_requests", labels, (int64_t)server->active[i]);
    }
}
