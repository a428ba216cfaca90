/* http_reply: how a handler replies to its request. It replies exactly once; a second
 * reply is ignored.
 */
#ifndef NET_HTTP_REPLY_H
#define NET_HTTP_REPLY_H

#include <stddef.h>

struct http_request;

void http_add_header(struct http_request *req, const char *name, const char *value); /* before the reply; copies */
void http_reply(struct http_request *req, int status, const char *type, const void *bytes, size_t len); /* copies */
/* Takes over `body` (malloc), which avoids the copy. */
void http_reply_take(struct http_request *req, int status, const char *type, char *body, size_t len);
/* application/problem+json (RFC 9457); 503 gets Retry-After: 1. */
void http_problem(struct http_request *req, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
