#include "registry/eureka/eureka_http.h"

#include <stdio.h>
#include <string.h>

#include "registry/base64.h"
#include "registry/eureka/eureka_wire.h"

const struct servers_syntax eureka_syntax = {.path = "/eureka"};

enum {
    PATH_CAP = 1024,
    CREDENTIALS_MAX = 1024, /* user and password in base64 */
};

/* --- One server -------------------------------------------------------------------------------- */

/* "Authorization: Basic …", or "" without a user. */
static void write_authorization(const struct url *server, char header[CREDENTIALS_MAX])
{
    struct buf plain = BUF_INIT(CREDENTIALS_MAX), text = BUF_INIT(CREDENTIALS_MAX);
    header[0] = '\0';
    if (*server->user && buf_addf(&plain, "%s:%s", server->user, server->password) &&
        base64_encode(&text, plain.data, plain.len))
        snprintf(header, CREDENTIALS_MAX, "Authorization: Basic %s", buf_text(&text));
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

/* A wrong path and an application that is not registered look the same: 404. So before the first 404 counts, the
 * server must know its list of all applications. */
static int check_path(struct eureka_http *http, const struct url *server, int64_t deadline, struct err *err)
{
    char path[sizeof server->path + 16];
    struct http_response response = HTTP_RESPONSE_INIT;
    snprintf(path, sizeof path, "%s/apps", server->path);
    const struct http_call call = {.method = "HEAD", .path = path, .deadline = deadline};
    int rc = send_one(http, server, &call, &response, err);
    if (rc == 0 && response.status != 200)
        rc = err_set(err, ERR_FAILED, "HTTP %d for %s: is this the path of a Eureka server? EUREKA_URL usually ends in "
                     "/eureka", response.status, path);
    http->path_is_known = rc == 0;
    http_response_close(&response);
    return rc;
}

/* 403: it does not serve its list yet, because it has just started. Then its peers may. */
static int check_status(struct eureka_http *http, const struct url *server, int64_t deadline,
                        struct http_response *response, struct err *err)
{
    int status = response->status;
    if (status == 404)
        return http->path_is_known ? 0 : check_path(http, server, deadline, err);
    if (status == 401)
        return err_set(err, ERR_FAILED, "HTTP 401: the server wants a user and a password, as in "
                       "EUREKA_URL=http://user:password@host:port/eureka, or these are wrong");
    if (status == 403)
        return err_set(err, ERR_FAILED, "HTTP 403: the server has just started, or does not allow this user");
    if (status < 200 || status >= 300)
        return err_set(err, ERR_FAILED, "HTTP %d", status);
    http->path_is_known = true;
    return 0;
}

int eureka_http_send(struct eureka_http *http, const struct url *server, const struct eureka_request *request,
                     int64_t deadline, struct http_response *response, struct err *err)
{
    struct buf path = BUF_INIT(PATH_CAP);
    if (!eureka_add_path(&path, server->path, request->service, request->id)) {
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
        rc = check_status(http, server, deadline, response, err);
    buf_close(&path);
    return rc;
}

/* --- Any server -------------------------------------------------------------------------------- */

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
