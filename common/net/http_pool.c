/* The pool of requests: a busy server allocates none. */
#include <stdlib.h>

#include "net/http_internal.h"

enum {
    POOL_MAX = 256,     /* requests kept for the next ones … */
    KEPT_BYTES = 4096,  /* … with no buffer larger than this */
    HEADERS_MAX = 4096, /* of a reply; they must fit into the same 8 KiB */
};

static struct http_request *request_take(struct http_server *server)
{
    struct http_request *req = server->free_requests;
    if (req) {
        server->free_requests = req->next_free;
        server->free_count--;
        return req;
    }
    req = calloc(1, sizeof *req);
    if (req) {
        req->target = req->parts = req->head = (struct buf)BUF_INIT(HTTP_HEAD_MAX);
        req->headers = (struct buf)BUF_INIT(HEADERS_MAX);
        req->body = (struct buf)BUF_INIT(HTTP_BODY_MAX);
    }
    return req;
}

struct http_request *request_new(struct http_server *server)
{
    struct http_request *req = request_take(server);
    if (!req)
        return NULL;
    req->server = server;
    req->connection = NULL;
    req->phase = HTTP_HEAD;
    req->query_count = 0;
    req->match = (struct http_match){.status = 0};
    req->id[0] = '\0';
    req->chunked = req->too_large = req->last = false;
    req->handled = true;
    return req;
}

static void request_free(struct http_request *req)
{
    buf_close(&req->target);
    buf_close(&req->parts);
    buf_close(&req->head);
    buf_close(&req->headers);
    buf_close(&req->body);
    free(req);
}

static void keep_small(struct buf *buf)
{
    if (buf->size > KEPT_BYTES)
        buf_close(buf);
    else
        buf_clear(buf);
}

void request_give_back(struct http_request *req)
{
    struct http_server *server = req->server;
    if (req->stream)
        stream_free(req);
    if (server->free_count >= POOL_MAX) {
        request_free(req);
        return;
    }
    keep_small(&req->target);
    keep_small(&req->parts);
    keep_small(&req->head);
    keep_small(&req->headers);
    keep_small(&req->body);
    req->next_free = server->free_requests;
    server->free_requests = req;
    server->free_count++;
}

void requests_free_pool(struct http_server *server)
{
    while (server->free_requests) {
        struct http_request *req = server->free_requests;
        server->free_requests = req->next_free;
        request_free(req);
    }
}
