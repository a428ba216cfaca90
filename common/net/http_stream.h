/* http_stream: a reply that the handler sends piece by piece, such as server-sent events.
 *
 * The handler's fiber begins the reply, writes, and waits. It learns that the client has
 * disconnected or that the server drains, because write and wait return false; then it returns,
 * and the reply ends. The connection costs nothing between two pieces: libmicrohttpd ignores it.
 *
 *     http_stream_begin(req, 200, "text/event-stream");
 *     do {
 *         ...
 *         if (!http_stream_write(req, event, len))
 *             break;
 *     } while (http_stream_wait(req, deadline_in(5000)));
 */
#ifndef NET_HTTP_STREAM_H
#define NET_HTTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_request;

/* Bytes that wait for a client which reads slowly; over it the stream ends. */
enum { HTTP_STREAM_UNSENT_MAX = 1024 * 1024 };

/* Sends the head, instead of http_reply(). False: out of memory; the connection is closed. */
bool http_stream_begin(struct http_request *req, int status, const char *type);
/* Copies the bytes, does not wait. False: the stream has ended, or the client reads too slowly. */
bool http_stream_write(struct http_request *req, const void *bytes, size_t len);
/* Waits for http_stream_wake() or the deadline. False: the stream has ended, or the fiber was cancelled.
 * That a client has disconnected is noticed when a piece cannot be sent to it, so write now and then. */
bool http_stream_wait(struct http_request *req, int64_t deadline);
/* From another fiber, while the handler has not returned: ends its wait. */
void http_stream_wake(struct http_request *req);

#endif
