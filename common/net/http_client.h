/* http_client: one HTTP call, written as if it blocked.
 *
 * Runs libcurl's multi interface on our loop, keeps connections alive and pools
 * curl's easy handles. The size of a reply is limited, redirects are not followed,
 * proxies in the environment are ignored, and host names are resolved outside of
 * the loop. One client serves long polls of a minute and 30,000 short calls a
 * second at the same time.
 */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "net/http_call.h"

struct http_client;

/* max_connections: how many may be kept alive; choose more than upstreams × concurrency.
 * NULL: out of memory. */
struct http_client *http_client_new(size_t max_connections);
/* At this many connections an idle one is closed for each new one. While none is idle, calls wait. */
void http_client_limit(struct http_client *client, size_t connections);
/* No call may be running. */
void http_client_free(struct http_client *client);

/* 0: a whole reply arrived, whatever its status. -1: ERR_UNREACHABLE (no
 * connection: nothing was sent), ERR_BROKEN (reset, or the end before a whole
 * reply), ERR_TIMEOUT, ERR_TOO_LARGE, ERR_PROTOCOL (not HTTP), ERR_CANCELLED,
 * ERR_INVALID (bad host or path, or too many headers), ERR_BUSY (out of memory,
 * file descriptors or local ports: see base/own_limit.h).
 * err.text names host and port. If the server closed a kept connection just then,
 * a GET, HEAD, PUT, DELETE or OPTIONS is repeated on a new connection. Any other
 * method never uses a kept connection, so no request takes effect twice.
 * `response` is emptied first and keeps its memory; the caller closes it. */
int http_call(struct http_client *client, const struct http_call *call, struct http_response *response,
              struct err *err);

/* The value of a reply's header, trimmed, in out (cut to size); false: not there. */
bool http_response_header(const struct http_response *response, const char *name, char *out, size_t size);
void http_response_close(struct http_response *response);

#endif
