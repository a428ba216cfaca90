#include "net/http_reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/http_internal.h"
#include "net/json.h"

enum { PROBLEM_MAX = 64 * 1024 }; /* escaping turns one character into at most six */

static const char problem_type[] = "application/problem+json";

static void report_outcome(const struct http_request *req, int status)
{
    const struct http_server_config *config = &req->server->config;
    const struct http_outcome outcome = {
        .route = req->match.route,
        .method = http_methods[req->known_method],
        .status = status,
        .duration_us = clock_us() - req->began_us,
        .request = req,
    };
    if (config->observe)
        config->observe(config->arg, &outcome);
}

void http_add_header(struct http_request *req, const char *name, const char *value)
{
    size_t before = req->headers.len;
    if (buf_add(&req->headers, name, strlen(name) + 1) && buf_add(&req->headers, value, strlen(value) + 1))
        return;
    req->headers.len = before;
    log_warn("reply_header_dropped", log_s("header", name), log_s("reason", "too large"));
}

static void add_headers(const struct http_request *req, struct MHD_Response *response, const char *type)
{
    if (type)
        MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "X-Request-Id", req->id);
    MHD_add_response_header(response, "X-Served-By", req->server->config.served_by);
    if (req->server->draining || req->last || req->connection->surplus)
        MHD_add_response_header(response, "Connection", "close");

    const char *name = buf_text(&req->headers), *end = name + req->headers.len;
    while (name < end) {
        const char *value = name + strlen(name) + 1;
        if (MHD_add_response_header(response, name, value) != MHD_YES)
            log_warn("reply_header_dropped", log_s("header", name), log_s("reason", "invalid header value"));
        name = value + strlen(value) + 1;
    }
}

/* Hands the reply to MHD. If that fails, closes the connection. */
static void queue_reply(const struct http_request *req, int status, const char *type, struct MHD_Response *response)
{
    if (response) {
        add_headers(req, response, type);
        if (MHD_queue_response(req->connection->mhd, (unsigned)status, response) == MHD_YES)
            return;
    }
    if (req->connection)
        shutdown(req->connection->fd, SHUT_RDWR);
}

void reply_send(struct http_request *req, int status, const char *type, struct MHD_Response *response)
{
    if (req->phase == HTTP_HANDLING && req->connection)
        wait_end(req);
    req->phase = HTTP_REPLYING;
    req->began_ms = clock_ms();
    report_outcome(req, status);
    if (req->connection) /* else the client has disconnected */
        queue_reply(req, status, type, response);
    if (response)
        MHD_destroy_response(response); /* our reference; MHD keeps its own */
    server_want_pump(req->server);
}

static bool may_reply(const struct http_request *req)
{
    return req->phase == HTTP_HANDLING || req->phase == HTTP_BODY;
}

void http_reply(struct http_request *req, int status, const char *type, const void *bytes, size_t len)
{
    if (may_reply(req))
        reply_send(req, status, type,
                   MHD_create_response_from_buffer(len, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY));
}

void http_reply_take(struct http_request *req, int status, const char *type, char *body, size_t len)
{
    if (!may_reply(req)) {
        free(body);
        return;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(body);
    reply_send(req, status, type, response);
}

/* --- Problems ------------------------------------------------------------------------- */

/* The path as it was sent; a character that is not visible ASCII becomes '?'. */
static void add_path(struct buf *out, const struct http_request *req)
{
    char path[1024]; /* enough for the sender to recognise its request */
    size_t len = 0;
    for (const char *c = buf_text(&req->target); *c && *c != '?' && len < sizeof path; c++)
        path[len++] = *c > ' ' && *c <= '~' ? *c : '?';
    json_add_string(out, path, len);
}

static void write_problem(struct buf *out, const struct http_request *req, int status, const char *detail)
{
    buf_addf(out, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":",
             MHD_get_reason_phrase_for((unsigned)status), status);
    json_add_string(out, detail, strlen(detail));
    buf_adds(out, ",\"instance\":");
    add_path(out, req);
    buf_adds(out, "}");
}

void http_problem(struct http_request *req, int status, const char *fmt, ...)
{
    char detail[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(detail, sizeof detail, fmt, args);
    va_end(args);

    struct buf body = BUF_INIT(PROBLEM_MAX);
    write_problem(&body, req, status, detail);
    if (status == 503)
        http_add_header(req, "Retry-After", "1");
    size_t len = body.len;
    http_reply_take(req, status, problem_type, buf_take(&body), len);
}

/* MHD sends a reply only before a body or after it. For this request nothing has
 * been sent yet, except perhaps "100 Continue". So we may write to the socket
 * ourselves: a few hundred bytes, which fit into its buffer. */
void reply_raw(struct http_request *req, int fd, int status, const char *detail)
{
    struct buf body = BUF_INIT(PROBLEM_MAX), reply = BUF_INIT(PROBLEM_MAX);
    write_problem(&body, req, status, detail);
    buf_addf(&reply,
             "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Type: %s\r\nX-Request-Id: %s\r\n"
             "X-Served-By: %s\r\nContent-Length: %zu\r\n\r\n%s",
             status, MHD_get_reason_phrase_for((unsigned)status), problem_type, req->id,
             req->server->config.served_by, body.len, buf_text(&body));
    ssize_t sent = send(fd, buf_text(&reply), reply.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0)
        report_outcome(req, status);
    buf_close(&reply);
    buf_close(&body);
}
