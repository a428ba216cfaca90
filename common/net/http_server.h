/* http_server: requests come in, each runs in a fiber of its own.
 *
 * libmicrohttpd parses and answers on our loop (external epoll); a handler is
 * straight-line code that may wait for whatever it needs. It gets the whole
 * request, body included, and replies exactly once.
 *
 *     static void get_user(struct http_request *req, void *arg)
 *     {
 *         struct http_text id = http_param(req);
 *         ...
 *         http_reply(req, 200, "application/json", body, len);
 *     }
 *
 * What every reply of ours has, the handler need not think of: X-Request-Id,
 * X-Served-By, HEAD for every GET, 404, 405 with Allow, 400 without Host, 413,
 * 408, 503 with Retry-After at the limit of concurrent requests, and
 * `Connection: close` while draining. Slow clients are bounded: 10 s for a head
 * that has begun, 30 s for a body, 75 s of idleness between requests.
 */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/trace_context.h"

struct http_server;
struct http_request;

/* Bytes with a length: they may hold a '\0'. Also ends in one. Borrowed. */
struct http_text {
    const char *text; /* NULL: not there */
    size_t len;
};

enum http_route_flags {
    HTTP_ROUTE_PROBE = 1,  /* /health*, /metrics: does not count as traffic while draining */
    HTTP_ROUTE_ALWAYS = 2, /* answered even at the limit of concurrent requests */
};

struct http_route {
    const char *method;  /* "GET" (HEAD comes with it), "POST" */
    const char *pattern; /* "/users/{id}": split at '/', then percent-decoded; at most one {…} */
    void (*handler)(struct http_request *req, void *arg);
    unsigned flags;
};

/* What came of a request. */
struct http_outcome {
    const struct http_route *route; /* NULL where none matched */
    const char *method; /* one that is known (RFC 9110, PATCH), else "_OTHER"; static text */
    int status;
    int64_t duration_us;
    const struct http_request *request; /* borrowed during the call */
};

struct http_server_config {
    const char *address; /* numeric; "0.0.0.0" */
    uint16_t port;       /* 0: any free one */
    const char *served_by; /* texts and routes: borrowed as long as the server lives */
    const struct http_route *routes;
    size_t route_count;
    void *arg; /* for handlers and observer */
    size_t max_requests; /* concurrent; over it 503 */
    void (*observe)(void *arg, const struct http_outcome *outcome); /* after each reply; may be NULL */
};

enum { HTTP_BODY_MAX = 64 * 1024 }; /* over it: 413 */

/* Listens. NULL with err (ERR_CONFLICT: the port is in use). */
struct http_server *http_server_new(const struct http_server_config *config, struct err *err);
uint16_t http_server_port(const struct http_server *server);

/* --- The request; borrowed until the handler returns ---------------------------- */

struct http_text http_param(const struct http_request *req); /* what {…} matched, decoded */
struct http_text http_query(const struct http_request *req, const char *name);
const char *http_header(const struct http_request *req, const char *name); /* the first; NULL: not there */
size_t http_header_count(const struct http_request *req, const char *name);
struct http_text http_body(const struct http_request *req);
const char *http_request_id(const struct http_request *req);
/* What to send along with a call that is made for this request. */
void http_trace_context(const struct http_request *req, struct trace_context *trace);
/* True for "application/json", with or without parameters. */
bool http_body_is_json(const struct http_request *req);

/* --- The reply, once; a second one is ignored ------------------------------------------------------------- */

void http_add_header(struct http_request *req, const char *name, const char *value); /* before it; copies */
void http_reply(struct http_request *req, int status, const char *type, const void *bytes, size_t len); /* copies */
/* Takes `body` over (malloc); avoids the copy. */
void http_reply_take(struct http_request *req, int status, const char *type, char *body, size_t len);
/* application/problem+json (RFC 9457); 503 gets Retry-After: 1. */
void http_problem(struct http_request *req, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* --- Shutdown, in this order -------------------------------------------------------- */

/* From now on every reply says Connection: close. */
void http_server_drain(struct http_server *server);
/* When the last request came that was not a probe; clock_ms(), 0: never. */
int64_t http_server_last_call_ms(const struct http_server *server);
/* No new connections; those that are there stay. */
void http_server_stop_listening(struct http_server *server);
/* Requests that have begun and are not answered to the last byte. One whose first line is not
 * whole yet counts from when it is noticed: within 100 ms while draining, else 2 s. */
size_t http_server_in_flight(const struct http_server *server);
/* In a fiber: stops listening, waits until nothing is in flight, at most until the deadline; then
 * cancels the handlers' fibers, waits for them to end (so each of their waits must be one that
 * can be cancelled), closes every connection and frees. True: nothing was cut off. */
bool http_server_close(struct http_server *server, int64_t deadline);

/* Connections and requests now, and whether it drains, in Prometheus' format (base/metrics.h). */
void http_server_metrics(const struct http_server *server, struct buf *out);

#endif
