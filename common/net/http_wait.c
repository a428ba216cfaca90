/* What MHD does with a connection while its handler runs.
 *
 * MHD's documented way is to suspend the connection. That costs two epoll_ctl and
 * a useless recv for each request: a fifth of its CPU time, measured with handlers
 * that wait for a cache. So at first a connection is not suspended. Then MHD polls
 * it at each MHD_run(), which is cheap only for a few connections and a short time.
 * A connection over HTTP_POLLED_MAX, or one whose handler still runs at the next
 * tick, is suspended.
 */
#include "net/http_internal.h"

static void suspend(struct http_request *req)
{
    req->suspended = true;
    MHD_suspend_connection(req->connection->mhd);
}

void wait_begin(struct http_request *req)
{
    struct http_server *server = req->server;
    req->suspended = false;
    if (server->polled_count == HTTP_POLLED_MAX) {
        suspend(req);
        return;
    }
    req->polled_index = server->polled_count;
    server->polled[server->polled_count++] = req;
}

void wait_end(struct http_request *req)
{
    struct http_server *server = req->server;
    if (req->suspended) {
        MHD_resume_connection(req->connection->mhd);
        return;
    }
    struct http_request *last = server->polled[--server->polled_count];
    server->polled[req->polled_index] = last;
    last->polled_index = req->polled_index;
}

void wait_suspend_all(struct http_server *server)
{
    while (server->polled_count > 0)
        suspend(server->polled[--server->polled_count]);
}
