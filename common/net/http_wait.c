/* What MHD does with a connection while its handler runs.
 *
 * The clean way is to suspend it, which costs two epoll_ctl and a recv in vain
 * for each request: a fifth of its CPU time, measured with handlers that wait
 * for a cache. So at first a connection is just left alone. But then MHD asks
 * about it again at each MHD_run(), which is fine for few and for a short time
 * only: what is too much, or waits still when the next tick comes, is suspended.
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
    if (server->quick_count == HTTP_QUICK_MAX) {
        suspend(req);
        return;
    }
    req->quick_index = server->quick_count;
    server->quick[server->quick_count++] = req;
}

void wait_end(struct http_request *req)
{
    struct http_server *server = req->server;
    if (req->suspended) {
        MHD_resume_connection(req->connection->mhd);
        return;
    }
    struct http_request *last = server->quick[--server->quick_count];
    server->quick[req->quick_index] = last;
    last->quick_index = req->quick_index;
}

void wait_suspend_all(struct http_server *server)
{
    while (server->quick_count > 0)
        suspend(server->quick[--server->quick_count]);
}
