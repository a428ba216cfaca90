/* http_request: what a handler reads of its request.
 *
 * Everything is borrowed until the handler returns. It is a copy of ours, because
 * libmicrohttpd frees its own when the client disconnects.
 */
#ifndef NET_HTTP_REQUEST_H
#define NET_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "net/http_router.h"
#include "net/trace_context.h"

struct http_text http_param(const struct http_request *req); /* what {…} matched, decoded */
struct http_text http_query(const struct http_request *req, const char *name);
const char *http_header(const struct http_request *req, const char *name); /* the first; NULL: not there */
size_t http_header_count(const struct http_request *req, const char *name);
/* True for "GET http://host/path": the request is meant for a proxy, and this host may differ from the header's. */
bool http_target_is_absolute(const struct http_request *req);
/* True: the client runs on this machine. It may be a proxy that passes on requests from elsewhere. */
bool http_client_is_local(const struct http_request *req);
struct http_text http_body(const struct http_request *req);
const char *http_request_id(const struct http_request *req);
/* What to pass on with a call that is made for this request. */
void http_trace_context(const struct http_request *req, struct trace_context *trace);
/* True for "application/json", with or without parameters. */
bool http_body_is_json(const struct http_request *req);

#endif
