/* http_client: one HTTP call, written as if it blocked.
 *
 * libcurl's multi interface on our loop, with its connections kept alive and
 * its easy handles pooled. Replies are capped in size, redirects are not
 * followed, proxies in the environment are ignored, and a name is looked up
 * off the loop. Fit for a long poll of a minute and for 30,000 short calls a
 * second at once.
 */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "loop/resolve.h"

struct http_client;

/* For https; file names as PEM; NULL: curl's default. Borrowed during a call. */
struct http_tls {
    const char *ca_file, *cert_file, *key_file;
    const char *server_name; /* checked instead of the host's name */
    bool skip_verify;
};

struct http_call {
    const char *method; /* NULL: GET */
    const char *host;   /* name, IPv4 or IPv6 (no brackets) */
    uint16_t port;
    const char *path;           /* with the query; encoded by the caller; starts with '/' */
    const char *const *headers; /* "Name: value", NULL-terminated, at most 16; may be NULL */
    const void *body;           /* NULL: none */
    size_t body_len;
    const struct http_tls *tls; /* NULL: plain http */
    int64_t deadline;           /* over the whole call */
    size_t body_cap;            /* bytes of the reply's body, streamed or not; over it ERR_TOO_LARGE */
    /* Streaming, may be NULL: each piece of a body as it comes, at most 16 KiB, instead
     * of response->body; status and head are in the response by then. Runs in a
     * callback: must not wait. False ends the call with ERR_CANCELLED. */
    bool (*on_data)(void *arg, const char *bytes, size_t len);
    void *on_data_arg;
};

struct http_response {
    int status;
    struct buf body;
    struct buf head;                /* raw header lines, at most 32 KiB */
    char local_address[ADDRESS_MAX]; /* of the socket that reached the host */
};

#define HTTP_RESPONSE_INIT {.status = 0, .body = BUF_INIT(SIZE_MAX / 2), .head = BUF_INIT((size_t)32 * 1024)}

/* max_connections: kept alive; more than upstreams × concurrency. */
struct http_client *http_client_new(size_t max_connections);
/* No call may be under way. */
void http_client_free(struct http_client *client);

/* 0: a whole reply came, whatever its status. -1: ERR_UNREACHABLE (no
 * connection: nothing was sent), ERR_BROKEN (reset, or the end before a whole
 * reply), ERR_TIMEOUT, ERR_TOO_LARGE, ERR_PROTOCOL (not HTTP), ERR_CANCELLED,
 * ERR_INVALID (no such path or too many headers), ERR_BUSY (out of memory).
 * err.text names host and port. A kept connection that the server closed just
 * then costs nothing: a GET, HEAD, PUT, DELETE or OPTIONS is repeated on a new
 * one, and any other method never uses a kept one, so that nothing happens twice.
 * `response` is emptied first and keeps its memory; the caller closes it. */
int http_call(struct http_client *client, const struct http_call *call, struct http_response *response,
              struct err *err);

/* The value of a reply's header, trimmed, in out (cut to size); false: not there. */
bool http_response_header(const struct http_response *response, const char *name, char *out, size_t size);
void http_response_close(struct http_response *response);

#endif
