/* One request, from its first line to its handler.
 *
 * MHD calls request_begin() when the first line has arrived. It calls
 * request_on_call() when the head has arrived, for each piece of the body, and at
 * the end of the body. It calls request_end() when the last byte of the reply is
 * sent or the client has disconnected.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/own_limit.h"
#include "net/http_internal.h"
#include "net/http_reply.h"
#include "net/http_stream.h"
#include "net/http_syntax.h"
#include "net/url.h"

/* --- The first line ------------------------------------------------------------------ */

/* "http://host/path" means the same as "/path" (RFC 9112, 3.2.2). The scheme is https if a proxy ends TLS
 * before us. Empty: the host is not valid. */
static const char *skip_authority(const char *target)
{
    const char *host = target;
    if (strncasecmp(target, "http://", 7) == 0)
        host += 7;
    else if (strncasecmp(target, "https://", 8) == 0)
        host += 8;
    else
        return target;
    const char *path = host + strcspn(host, "/?");
    if (path == host || !http_is_host(host, (size_t)(path - host)))
        return "";
    return *path == '/' ? path : "/";
}

/* MHD keeps the blank after "Content-Length: 5 " and then rejects it. Of several values it uses the first: ours. */
static void repair_framing(const struct http_connection *connection)
{
    if (connection->first_length[0])
        MHD_set_connection_value(connection->mhd, MHD_HEADER_KIND, "Content-Length", connection->first_length);
    if (connection->first_is_chunked)
        MHD_set_connection_value(connection->mhd, MHD_HEADER_KIND, "Transfer-Encoding", "chunked");
}

void *request_begin(void *arg, const char *target, struct MHD_Connection *mhd)
{
    struct http_server *server = arg;
    struct http_connection *connection =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct http_request *req = connection ? request_new(server) : NULL;
    if (!req)
        return NULL; /* request_on_call closes the connection */

    req->connection = connection;
    req->raw_target = target ? target : "";
    req->raw_len = strlen(req->raw_target);
    const char *path = skip_authority(req->raw_target);
    req->absolute = path != req->raw_target;
    buf_adds(&req->target, path);

    if (!connection->used)
        repair_framing(connection);
    req->began_ms = slow_take_head(connection);
    connection->request = req;
    server->requests++;
    return req;
}

void request_reject_raw(struct http_server *server, int fd, int status, const char *detail)
{
    struct http_request *req = request_new(server);
    if (!req)
        return;
    req->known_method = HTTP_METHODS - 1;
    req->began_us = clock_us();
    buf_adds(&req->target, "/"); /* the real one may be what is wrong */
    request_set_id(req, NULL);
    reply_raw(req, fd, status, detail);
    request_give_back(req);
}

/* --- From the body to the handler ------------------------------------------------------ */

static void add_body(struct http_request *req, const char *bytes, size_t len)
{
    req->connection->consumed += len;
    req->server->uploading = true;
    if (!req->too_large && !buf_add(&req->body, bytes, len))
        req->too_large = true; /* keep reading: a client that is still sending would not see the 413 */
}

/* "a=1&b=2" into pairs, in place. -1 for a broken escape. */
static int split_query(struct http_request *req, char *text)
{
    for (char *pair; (pair = strsep(&text, "&"));) {
        struct http_pair parts;
        char *value = strchr(pair, '=');
        if (value)
            *value++ = '\0';
        else
            value = pair + strlen(pair);
        parts.name.text = pair;
        parts.value.text = value;
        if (url_decode(pair, &parts.name.len) != 0 || url_decode(value, &parts.value.len) != 0)
            return -1;
        if (req->query_count < HTTP_QUERY_MAX)
            req->query[req->query_count++] = parts;
    }
    return 0;
}

/* Fills req->match. */
static void find_route(struct http_request *req)
{
    const struct http_server_config *config = &req->server->config;
    buf_add(&req->parts, req->target.data, req->target.len);
    char *path = req->parts.data;
    char *query = strchr(path, '?');
    if (query)
        *query++ = '\0';
    http_route_match(config->routes, config->route_count, req->method, path, &req->match);
    if (query && split_query(req, query) != 0)
        req->match = (struct http_match){.status = 400};
}

static void reject_unrouted(struct http_request *req)
{
    switch (req->match.status) {
    case 400:
        http_problem(req, 400, "a '%%' in the URL is not followed by two hex digits");
        break;
    case 405:
        http_add_header(req, "Allow", req->match.allow);
        http_problem(req, 405, "%s is not allowed here; allowed: %s", req->method, req->match.allow);
        break;
    default:
        http_problem(req, 404, "there is nothing here");
    }
}

static void run_handler(void *arg)
{
    struct http_request *req = arg;
    struct http_server *server = req->server;
    req->match.route->handler(req, server->config.arg);
    if (req->phase == HTTP_HANDLING)
        http_problem(req, 500, "the handler sent no reply");
    if (req->stream)
        stream_end(req);
    server->handling--;
    req->handled = true;
    if (!req->connection)
        request_give_back(req);
}

static void start_handler(struct http_request *req)
{
    struct http_server *server = req->server;
    bool always = req->match.route->flags & HTTP_ROUTE_ALWAYS;
    bool full = server->handling >= server->config.max_requests && !always;
    if (req->connection->surplus && !(req->match.route->flags & HTTP_ROUTE_PROBE)) {
        own_limit_log(EMFILE);
        http_problem(req, 503, "at the limit of %zu connections", server->config.max_connections);
        return;
    }
    if (full || server->closing || group_go(&server->handlers, run_handler, req) != 0) {
        http_problem(req, 503, "at the limit of %zu concurrent requests", server->config.max_requests);
        return;
    }
    server->handling++;
    req->handled = false;
    req->phase = HTTP_HANDLING;
    wait_begin(req);
}

/* The reply to "OPTIONS *": the methods of all routes. */
static void describe_server(struct http_request *req)
{
    const struct http_server_config *config = &req->server->config;
    for (size_t i = 0; i < config->route_count; i++)
        http_allow_method(&req->match, config->routes[i].method);
    http_allow_method(&req->match, "OPTIONS");
    http_add_header(req, "Allow", req->match.allow);
    http_reply(req, 204, NULL, "", 0);
}

static void dispatch(struct http_request *req)
{
    if (strcmp(buf_text(&req->target), "*") == 0) {
        describe_server(req);
        return;
    }
    find_route(req);
    if (!req->match.route || !(req->match.route->flags & HTTP_ROUTE_PROBE))
        req->server->last_call_ms = req->began_ms;
    if (req->too_large)
        http_problem(req, 413, "the body is larger than %d bytes", HTTP_BODY_MAX);
    else if (req->match.route)
        start_handler(req);
    else
        reject_unrouted(req);
}

/* --- MHD's calls --------------------------------------------------------------------------- */

enum MHD_Result request_on_call(void *server, struct MHD_Connection *mhd, const char *url, const char *method,
                                const char *version, const char *upload, size_t *upload_len, void **request)
{
    struct http_request *req = *request;
    (void)server, (void)url;
    if (!req)
        return MHD_NO; /* out of memory */
    if (req->phase == HTTP_HEAD) {
        request_read_head(req, mhd, method, version);
    } else if (*upload_len > 0) {
        add_body(req, upload, *upload_len);
        *upload_len = 0;
    } else if (req->phase == HTTP_BODY) {
        dispatch(req);
    }
    return MHD_YES;
}

void request_end(void *arg, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode how)
{
    struct http_server *server = arg;
    struct http_request *req = *request;
    (void)mhd, (void)how;
    if (!req)
        return;
    struct http_connection *connection = req->connection;
    connection->request = NULL;
    connection->since_ms = clock_ms();
    connection->used = true;
    connection->consumed_unknown = req->chunked;
    server->requests--;
    if (req->phase != HTTP_HEAD)
        server->active[req->known_method]--;

    if (req->phase == HTTP_HANDLING)
        wait_end(req);
    req->connection = NULL;
    if (req->stream)
        http_stream_wake(req);
    if (req->handled)
        request_give_back(req);
    server_check_idle(server);
}
