#include "registry/eureka/eureka_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/base64.h"
#include "registry/eureka/eureka_wire.h"
#include "registry/wire.h"

enum {
    PATH_CAP = 1024,
    CREDENTIALS_MAX = 1024, /* user and password in base64 */
};

/* --- Open and close ------------------------------------------------------------------------ */

static const struct servers_syntax eureka_syntax = {
    .user = true,
    .path = "/eureka",
    .error = "EUREKA_URL=***: want http[s]://[user:password@]host:port/eureka, comma-separated",
};

int eureka_check_url(const char *url)
{
    return servers_parse(url, &eureka_syntax, NULL) < 0 ? -1 : 0;
}

int eureka_http_open(struct eureka_http *http, const char *url, struct http_client *client, struct err *err)
{
    *http = (struct eureka_http){.path_is_known = NULL};
    if (servers_open(&http->servers, url, &eureka_syntax, client, err) != 0)
        return -1;
    http->path_is_known = calloc(http->servers.count, sizeof *http->path_is_known);
    if (http->path_is_known)
        return 0;
    servers_close(&http->servers);
    return err_set(err, ERR_FAILED, "out of memory");
}

void eureka_http_close(struct eureka_http *http)
{
    free(http->path_is_known);
    servers_close(&http->servers);
}

/* --- One server ---------------------------------------------------------------------------- */

static const char authorization_prefix[] = "Authorization: Basic ";

/* "Authorization: Basic …", or "" without a user. */
static void write_authorization(const struct url *server, char header[CREDENTIALS_MAX])
{
    struct buf plain = BUF_INIT(CREDENTIALS_MAX), text = BUF_INIT(CREDENTIALS_MAX);
    header[0] = '\0';
    if (*server->user && buf_addf(&plain, "%s:%s", server->user, server->password) &&
        base64_encode(&text, plain.data, plain.len))
        snprintf(header, CREDENTIALS_MAX, "%s%s", authorization_prefix, buf_text(&text));
    buf_close(&plain);
    buf_close(&text);
}

static int send_one(struct eureka_http *http, const struct url *server, const struct http_call *call,
                    struct http_response *response, struct err *err)
{
    char authorization[CREDENTIALS_MAX];
    struct http_call sent = *call;
    write_authorization(server, authorization);
    const char *headers[] = {"Accept: application/json", "Content-Type: application/json",
                             *authorization ? authorization : NULL, NULL};
    sent.headers = headers;
    return servers_send(&http->servers, server, &sent, response, err);
}

static bool *path_is_known(const struct eureka_http *http, const struct url *server)
{
    return &http->path_is_known[server - http->servers.urls];
}

static int fail_path(int status, const char *path, struct err *err)
{
    return err_set(err, ERR_FAILED, "HTTP %d for %.120s: this is not the path of a Eureka server; EUREKA_URL usually "
                   "ends in /eureka", status, path);
}

/* A wrong path and an application that is not registered look the same: 404. So before a server's first 404 counts, it
 * must know its list of all applications. 403: it has just started, and does not serve the list yet. */
static int check_path(struct eureka_http *http, const struct url *server, int64_t deadline, struct err *err)
{
    char path[sizeof server->path + 16];
    struct http_response response = HTTP_RESPONSE_INIT;
    snprintf(path, sizeof path, "%s/apps", server->path);
    const struct http_call call = {.method = "HEAD", .path = path, .deadline = deadline};
    int rc = send_one(http, server, &call, &response, err);
    if (rc == 0 && response.status != 200 && response.status != 403)
        rc = fail_path(response.status, path, err);
    *path_is_known(http, server) = rc == 0 && response.status == 200;
    http_response_close(&response);
    return rc;
}

/* With Spring Security, a server that wants a CSRF token answers 401 or 403 to a write, whatever the password. */
static int fail_permission(bool may_read, const char *method, int status, struct err *err)
{
    if (may_read && strcmp(method, "GET") != 0)
        return err_set(err, ERR_FAILED, "HTTP %d for %s, although this user may read; exempt /eureka/** from CSRF "
                       "protection on the server", status, method);
    if (status == 401)
        return err_set(err, ERR_FAILED, "HTTP 401: user or password is missing or wrong; "
                       "EUREKA_URL=http://user:password@host:port/eureka");
    return err_set(err, ERR_FAILED, "HTTP 403: the server has just started and does not serve its list yet, or does "
                   "not allow this user");
}

/* The server's words must not show the password, however it repeats what it was sent. */
static void hide_password(const struct url *server, struct buf *body)
{
    char authorization[CREDENTIALS_MAX];
    write_authorization(server, authorization);
    wire_hide(body, authorization + (*authorization ? strlen(authorization_prefix) : 0));
    wire_hide(body, server->password);
}

static int fail_status(const struct url *server, struct http_response *response, const char *path, struct err *err)
{
    char reason[160];
    int status = response->status;
    if (status >= 300 && status < 400)
        return fail_path(status, path, err);
    hide_password(server, &response->body);
    eureka_parse_reason(buf_text(&response->body), response->body.len, reason, sizeof reason);
    return err_set(err, ERR_FAILED, "HTTP %d%s%s", status, *reason ? ": " : "", reason);
}

static int check_status(struct eureka_http *http, const struct url *server, const struct http_call *call,
                        struct http_response *response, struct err *err)
{
    int status = response->status;
    bool *is_known = path_is_known(http, server);
    if (status == 404)
        return *is_known ? 0 : check_path(http, server, call->deadline, err);
    if (status == 401 || status == 403)
        return fail_permission(*is_known, call->method, status, err);
    if (status < 200 || status >= 300)
        return fail_status(server, response, call->path, err);
    if (strcmp(call->method, "GET") == 0)
        *is_known = true;
    return 0;
}

int eureka_http_send(struct eureka_http *http, const struct url *server, const struct eureka_request *request,
                     int64_t deadline, struct http_response *response, struct err *err)
{
    struct buf path = BUF_INIT(PATH_CAP);
    if (!eureka_add_path(&path, server->path, request->service, request->id) ||
        (request->override && !buf_addf(&path, "/status?value=%s", request->override))) {
        buf_close(&path);
        return err_set(err, ERR_INVALID, "cannot write the path of the request: too long, or out of memory");
    }
    const struct http_call call = {
        .method = request->method,
        .path = buf_text(&path),
        .body = request->body ? buf_text(request->body) : NULL,
        .body_len = request->body ? request->body->len : 0,
        .deadline = deadline,
        .body_cap = request->body_cap,
        .on_data = request->on_data,
        .on_data_arg = request->on_data_arg,
    };
    int rc = send_one(http, server, &call, response, err);
    if (rc == 0)
        rc = check_status(http, server, &call, response, err);
    buf_close(&path);
    return rc;
}

/* --- Any server ---------------------------------------------------------------------------- */

struct sending {
    struct eureka_http *http;
    const struct eureka_request *request;
};

static int send_to(void *arg, const struct url *server, int64_t deadline, struct http_response *response,
                   struct err *err)
{
    const struct sending *sending = arg;
    return eureka_http_send(sending->http, server, sending->request, deadline, response, err);
}

int eureka_http_call(struct eureka_http *http, const struct eureka_request *request, int64_t deadline,
                     struct http_response *response, struct err *err)
{
    struct sending sending = {http, request};
    int rc = servers_call(&http->servers, send_to, &sending, deadline, response, err);
    return rc == 0 ? 0 : err_prefix(err, "eureka");
}
