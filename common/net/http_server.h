/* http_server: receives requests and runs each in a fiber of its own.
 *
 * libmicrohttpd parses requests and sends replies on our loop (external epoll). A
 * handler is straight-line code that may wait for whatever it needs. It gets the
 * whole request, body included, and replies exactly once, whole or piece by piece
 * (http_stream.h).
 *
 *     static void get_user(struct http_request *req, void *arg)
 *     {
 *         struct http_text id = http_param(req);
 *         ...
 *         http_reply(req, 200, "application/json", body, len);
 *     }
 *
 * The server itself does what every service needs: X-Request-Id, X-Served-By, HEAD
 * for every GET, 404, 405 with Allow, 400 without Host, 413, 408, 503 with
 * Retry-After at the limits of concurrent requests and of connections, and
 * `Connection: close` while draining. Slow clients are bounded: 10 s for a head that has begun, 30 s for a
 * body, 75 s of idleness between requests.
 */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/http_reply.h"
#include "net/http_request.h"
#include "net/http_server_config.h"
#include "net/http_stream.h"

struct http_server;

/* Listens. NULL with err (ERR_CONFLICT: the port is in use). */
struct http_server *http_server_new(const struct http_server_config *config, struct err *err);
uint16_t http_server_port(const struct http_server *server);

/* --- Shutdown, in this order -------------------------------------------------------- */

/* From now on every reply carries Connection: close, and streams end. */
void http_server_drain(struct http_server *server);
/* When the last request arrived that was not a probe; clock_ms(), 0: never. */
int64_t http_server_last_call_ms(const struct http_server *server);
/* No new connections; open ones stay. */
void http_server_stop_listening(struct http_server *server);
/* Requests that have begun and whose reply is not completely sent. A request whose first line
 * is not complete is noticed, and counted, within 2 s; while draining within 100 ms. */
size_t http_server_in_flight(const struct http_server *server);
/* Call it in a fiber. Stops listening and waits until nothing is in flight, at most until the
 * deadline. Then cancels the handlers' fibers and waits for them to end: every wait of a handler
 * must end when it is cancelled. Closes every connection and frees. True: no request was cut off. */
bool http_server_close(struct http_server *server, int64_t deadline);

/* Open connections, active requests, and whether it drains, in Prometheus' format (base/metrics.h). */
void http_server_metrics(const struct http_server *server, struct buf *out);

#endif
