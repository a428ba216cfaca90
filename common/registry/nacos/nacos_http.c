#include "registry/nacos/nacos_http.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum {
    PATH_CAP = 32 * 1024,
    REPLY_CAP = 64 * 1024,
    LIST_CAP = 32 * 1024 * 1024,
    LOGIN_CAP = 4 * 1024,
};

static int send_plain(struct nacos_http *http, const struct url *server, enum nacos_api api,
                      const struct nacos_sent *sent, int64_t deadline, struct http_response *response, struct err *err)
{
    struct buf path = BUF_INIT(PATH_CAP);
    const char *headers[] = {*http->token_header ? http->token_header : NULL, NULL};
    if (!buf_addf(&path, "%s%s?%s", server->path, nacos_path(api, sent->request), buf_text(sent->query))) {
        buf_close(&path);
        return err_set(err, ERR_INVALID, "cannot write the request: too long, or out of memory");
    }
    const struct http_call call = {
        .method = nacos_method(api, sent->request),
        .path = buf_text(&path),
        .headers = headers,
        .deadline = deadline,
        .body_cap = sent->body_cap,
        .on_data = sent->on_data,
        .on_data_arg = sent->on_data_arg,
    };
    int rc = servers_send(&http->servers, server, &call, response, err);
    buf_close(&path);
    return rc;
}

/* --- Login --------------------------------------------------------------------------------- */

static int take_token(struct nacos_http *http, const struct http_response *response, struct err *err)
{
    static const char name[] = "Authorization: Bearer ";
    const struct buf *body = &response->body;
    char token[NACOS_TOKEN_MAX];
    int64_t ttl_ms = 0;
    if (response->status != 200)
        return err_set(err, ERR_FAILED, "cannot log in: HTTP %d: check NACOS_USERNAME and NACOS_PASSWORD",
                       response->status);
    if (nacos_parse_login(buf_text(body), body->len, token, sizeof token, &ttl_ms, err) != 0)
        return -1;
    snprintf(http->token_header, sizeof http->token_header, "%s%s", name, token);
    http->renew_ms = clock_ms() + ttl_ms - ttl_ms / 10;
    return 0;
}

static int login(struct nacos_http *http, const struct url *server, int64_t deadline, struct err *err)
{
    struct http_response response = HTTP_RESPONSE_INIT;
    struct buf body = BUF_INIT(LOGIN_CAP);
    char path[sizeof server->path + 64];
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    snprintf(path, sizeof path, "%s%s", server->path, nacos_path(http->api, NACOS_LOGIN));
    http->token_header[0] = '\0';
    int rc = -1;
    if (!nacos_add_login(&body, http->config->username, http->config->password)) {
        err_set(err, ERR_INVALID, "cannot log in: user and password are over %d bytes", LOGIN_CAP);
    } else {
        const struct http_call call = {.method = "POST", .path = path, .headers = headers, .body = buf_text(&body),
                                       .body_len = body.len, .deadline = deadline, .body_cap = REPLY_CAP};
        rc = servers_send(&http->servers, server, &call, &response, err);
    }
    if (rc == 0)
        rc = take_token(http, &response, err);
    buf_close(&body);
    http_response_close(&response);
    return rc;
}

static bool needs_login(const struct nacos_http *http)
{
    return *http->config->username && (!*http->token_header || clock_ms() >= http->renew_ms);
}

/* 401 and 403: the token is not known to this server, or has expired. */
static bool refuses_token(const struct nacos_http *http, const struct http_response *response)
{
    return *http->config->username && (response->status == 401 || response->status == 403);
}

/* --- One server ------------------------------------------------------------------------------ */

int nacos_http_send(struct nacos_http *http, const struct url *server, const struct nacos_sent *sent, int64_t deadline,
                    struct http_response *response, struct err *err)
{
    if (needs_login(http) && login(http, server, deadline, err) != 0)
        return -1;
    if (send_plain(http, server, http->api, sent, deadline, response, err) != 0)
        return -1;
    if (!refuses_token(http, response))
        return 0;
    if (login(http, server, deadline, err) != 0)
        return -1;
    return send_plain(http, server, http->api, sent, deadline, response, err);
}

/* --- Any server ------------------------------------------------------------------------------ */

struct sending {
    struct nacos_http *http;
    const struct nacos_sent *sent;
};

static int send_to(void *arg, const struct url *server, int64_t deadline, struct http_response *response,
                   struct err *err)
{
    const struct sending *sending = arg;
    return nacos_http_send(sending->http, server, sending->sent, deadline, response, err);
}

int nacos_http_call(struct nacos_http *http, const struct nacos_sent *sent, int64_t deadline,
                    struct http_response *response, struct err *err)
{
    struct sending sending = {http, sent};
    return servers_call(&http->servers, send_to, &sending, deadline, response, err);
}

/* --- The version of the API --------------------------------------------------------------------- */

/* A server that does not know version 3 answers 404. One that wants a login knows the path. */
static int ask_version(void *arg, const struct url *server, int64_t deadline, struct http_response *response,
                       struct err *err)
{
    const struct sending *sending = arg;
    if (send_plain(sending->http, server, NACOS_API_V3, sending->sent, deadline, response, err) != 0)
        return -1;
    if (response->status >= 500)
        return err_set(err, ERR_FAILED, "HTTP %d: the server is not ready", response->status);
    sending->http->api = response->status == 404 ? NACOS_API_V1 : NACOS_API_V3;
    return 0;
}

int nacos_http_find_api(struct nacos_http *http, const char *service, char local_address[ADDRESS_MAX], int64_t deadline,
                        struct err *err)
{
    struct http_response response = HTTP_RESPONSE_INIT;
    struct buf query = BUF_INIT(PATH_CAP);
    const struct nacos_sent sent = {.request = NACOS_LIST, .query = &query, .body_cap = LIST_CAP};
    struct sending sending = {http, &sent};
    int rc = 0;
    if (http->api != NACOS_API_UNKNOWN)
        return 0;
    if (!nacos_add_service(&query, http->config, service))
        rc = err_set(err, ERR_INVALID, "cannot write the request: too long, or out of memory");
    else
        rc = servers_call(&http->servers, ask_version, &sending, deadline, &response, err);
    if (rc == 0)
        memcpy(local_address, response.local_address, ADDRESS_MAX);
    buf_close(&query);
    http_response_close(&response);
    return rc;
}
