#include "registry/etcd/etcd_http.h"

#include <stdio.h>
#include <string.h>

#include "registry/etcd/etcd_wire.h"

enum {
    REASON_MAX = 160,
    LOGIN_CAP = 4 * 1024, /* bytes of a login request */
};

static const struct servers_syntax etcd_syntax = {
    .user = true,
    .error = "ETCD_ENDPOINTS=***: want http[s]://[user:password@]host:port, comma-separated",
};

/* --- Open and close --------------------------------------------------------------------- */

int etcd_check_endpoints(const char *endpoints)
{
    return servers_parse(endpoints, &etcd_syntax, NULL) < 0 ? -1 : 0;
}

int etcd_http_open(struct etcd_http *http, const char *endpoints, struct http_client *client, struct err *err)
{
    http->token_header[0] = '\0';
    return servers_open(&http->members, endpoints, &etcd_syntax, client, err);
}

void etcd_http_close(struct etcd_http *http)
{
    servers_close(&http->members);
}

/* --- One member ---------------------------------------------------------------------------- */

static struct http_call call_to(const char *path, const char **headers, const struct buf *body, int64_t deadline)
{
    return (struct http_call){
        .method = "POST",
        .path = path,
        .headers = headers,
        .body = buf_text(body),
        .body_len = body->len,
        .deadline = deadline,
        .body_cap = ETCD_REPLY_CAP,
    };
}

static int send_to(struct etcd_http *http, const struct url *member, const char *path, const struct buf *body,
                   int64_t deadline, struct http_response *response, struct err *err)
{
    const char *headers[] = {*http->token_header ? http->token_header : NULL, NULL};
    struct http_call call = call_to(path, headers, body, deadline);
    return servers_send(&http->members, member, &call, response, err);
}

/* True if there was no token, if it has expired, or if users and roles have changed since it was issued. */
static bool needs_login(const struct http_response *response)
{
    const char *text = buf_text(&response->body);
    return response->status == 401 || (response->status == 400 && (strstr(text, "user name is empty") ||
                                                                   strstr(text, "revision of auth store is old")));
}

static int fail_login(const struct http_response *response, struct err *err)
{
    char reason[REASON_MAX];
    etcd_parse_reason(buf_text(&response->body), response->body.len, reason, sizeof reason);
    return err_set(err, ERR_FAILED, "cannot log in: HTTP %d: %s", response->status, reason);
}

static int login(struct etcd_http *http, const struct url *member, int64_t deadline, struct err *err)
{
    static const char header[] = "Authorization: ";
    struct http_response response = HTTP_RESPONSE_INIT;
    struct buf body = BUF_INIT(LOGIN_CAP);
    char token[ETCD_TOKEN_MAX];
    int status = -1;
    http->token_header[0] = '\0';
    if (!etcd_add_login(&body, member->user, member->password))
        err_set(err, ERR_INVALID, "cannot log in: user and password are over %d bytes", LOGIN_CAP);
    else
        status = send_to(http, member, "/v3/auth/authenticate", &body, deadline, &response, err);
    if (status == 0 && response.status != 200)
        status = fail_login(&response, err);
    if (status == 0)
        status = etcd_parse_token(buf_text(&response.body), response.body.len, token, sizeof token, err);
    if (status == 0)
        snprintf(http->token_header, sizeof http->token_header, "%s%s", header, token);
    buf_close(&body);
    http_response_close(&response);
    return status;
}

struct request {
    struct etcd_http *http;
    const char *path;
    const struct buf *body;
};

static int call_member(void *arg, const struct url *member, int64_t deadline, struct http_response *response,
                       struct err *err)
{
    const struct request *request = arg;
    struct etcd_http *http = request->http;
    if (send_to(http, member, request->path, request->body, deadline, response, err) != 0)
        return -1;
    if (!*member->user || !needs_login(response))
        return 0;
    if (login(http, member, deadline, err) != 0)
        return -1;
    return send_to(http, member, request->path, request->body, deadline, response, err);
}

/* --- Any member ------------------------------------------------------------------------------ */

int etcd_http_call(struct etcd_http *http, const char *path, const struct buf *body, int64_t deadline,
                   struct http_response *response, struct err *err)
{
    struct request request = {http, path, body};
    int rc = servers_call(&http->members, call_member, &request, deadline, response, err);
    return rc == 0 ? 0 : err_prefix(err, "etcd");
}

void etcd_http_stream(struct etcd_http *http, const char *path, const struct buf *body, int64_t deadline,
                      bool (*on_data)(void *arg, const char *bytes, size_t len), void *arg)
{
    struct err ignored = ERR_INIT;
    struct http_response response = HTTP_RESPONSE_INIT;
    const char *headers[] = {*http->token_header ? http->token_header : NULL, NULL};
    struct http_call call = call_to(path, headers, body, deadline);
    call.body_cap = SIZE_MAX;
    call.on_data = on_data;
    call.on_data_arg = arg;
    servers_send(&http->members, &http->members.urls[http->members.current], &call, &response, &ignored);
    http_response_close(&response);
}

int etcd_http_error(const struct http_response *response, struct err *err)
{
    char reason[REASON_MAX];
    etcd_parse_reason(buf_text(&response->body), response->body.len, reason, sizeof reason);
    bool is_full = strstr(reason, "database space exceeded") != NULL;
    return err_set(err, ERR_FAILED, "etcd: HTTP %d: %s%s", response->status, reason,
                   is_full ? "; compact and defragment etcd, then disarm its alarm" : "");
}
