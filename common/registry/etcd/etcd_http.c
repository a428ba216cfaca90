#include "registry/etcd/etcd_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "registry/etcd/etcd_endpoints.h"
#include "registry/etcd/etcd_wire.h"

enum {
    REASON_MAX = 160,
    LOGIN_CAP = 4 * 1024, /* bytes of a login request */
};

/* --- Open and close --------------------------------------------------------------------- */

int etcd_http_open(struct etcd_http *http, const char *endpoints, struct http_client *client, struct err *err)
{
    int count = etcd_parse_endpoints(endpoints, NULL);
    *http = (struct etcd_http){.client = client};
    if (count < 0)
        return err_set(err, ERR_INVALID,
                       "ETCD_ENDPOINTS=***: want http[s]://[user:password@]host:port, comma-separated");
    http->endpoints = calloc((size_t)count, sizeof *http->endpoints);
    if (!http->endpoints)
        return err_set(err, ERR_FAILED, "out of memory");
    http->count = (size_t)etcd_parse_endpoints(endpoints, http->endpoints);
    return 0;
}

void etcd_http_close(struct etcd_http *http)
{
    free(http->endpoints);
}

/* --- One member ---------------------------------------------------------------------------- */

static struct http_call call_to(const struct etcd_http *http, const struct url *endpoint, const char *path,
                                const struct buf *body, int64_t deadline)
{
    return (struct http_call){
        .method = "POST",
        .host = endpoint->host,
        .port = endpoint->port,
        .path = path,
        .body = buf_text(body),
        .body_len = body->len,
        .tls = strcmp(endpoint->scheme, "https") == 0 ? &http->tls : NULL,
        .deadline = deadline,
        .body_cap = ETCD_REPLY_CAP,
    };
}

static int send_to(struct etcd_http *http, const struct url *endpoint, const char *path, const struct buf *body,
                   int64_t deadline, struct http_response *response, struct err *err)
{
    struct http_call call = call_to(http, endpoint, path, body, deadline);
    const char *headers[] = {*http->token_header ? http->token_header : NULL, NULL};
    call.headers = headers;
    return http_call(http->client, &call, response, err);
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

static int login(struct etcd_http *http, const struct url *endpoint, int64_t deadline, struct err *err)
{
    static const char header[] = "Authorization: ";
    struct http_response response = HTTP_RESPONSE_INIT;
    struct buf body = BUF_INIT(LOGIN_CAP);
    char token[ETCD_TOKEN_MAX];
    int status = -1;
    http->token_header[0] = '\0';
    if (!etcd_add_login(&body, endpoint->user, endpoint->password))
        err_set(err, ERR_INVALID, "cannot log in: user and password are over %d bytes", LOGIN_CAP);
    else
        status = send_to(http, endpoint, "/v3/auth/authenticate", &body, deadline, &response, err);
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

static int call_member(struct etcd_http *http, const struct url *endpoint, const char *path, const struct buf *body,
                       int64_t deadline, struct http_response *response, struct err *err)
{
    if (send_to(http, endpoint, path, body, deadline, response, err) != 0)
        return -1;
    if (!*endpoint->user || !needs_login(response))
        return 0;
    if (login(http, endpoint, deadline, err) != 0)
        return -1;
    return send_to(http, endpoint, path, body, deadline, response, err);
}

/* --- Any member ------------------------------------------------------------------------------ */

/* No effect if another call has moved to the next endpoint already. */
static void use_endpoint_after(struct etcd_http *http, size_t failed)
{
    if (http->current == failed)
        http->current = (failed + 1) % http->count;
}

int etcd_http_call(struct etcd_http *http, const char *path, const struct buf *body, int64_t deadline,
                   struct http_response *response, struct err *err)
{
    struct err why = ERR_INIT;
    size_t first = http->current;
    int status = -1;
    for (size_t i = 0; i < http->count; i++) {
        size_t member = (first + i) % http->count;
        int64_t share = deadline_in(deadline_left(deadline) / (int64_t)(http->count - i));
        err_clear(&why);
        status = call_member(http, &http->endpoints[member], path, body, share, response, &why);
        if ((status == 0 && response->status < 500) || why.code == ERR_CANCELLED)
            break;
        use_endpoint_after(http, member);
    }
    return status == 0 ? 0 : err_set(err, why.code, "etcd: %s", why.text);
}

void etcd_http_stream(struct etcd_http *http, const char *path, const struct buf *body, int64_t deadline,
                      bool (*on_data)(void *arg, const char *bytes, size_t len), void *arg)
{
    struct err ignored = ERR_INIT;
    struct http_response response = HTTP_RESPONSE_INIT;
    struct http_call call = call_to(http, &http->endpoints[http->current], path, body, deadline);
    const char *headers[] = {*http->token_header ? http->token_header : NULL, NULL};
    call.headers = headers;
    call.body_cap = SIZE_MAX;
    call.on_data = on_data;
    call.on_data_arg = arg;
    http_call(http->client, &call, &response, &ignored);
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
