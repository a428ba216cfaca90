#include "registry/nacos/nacos_http.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "registry/nacos/nacos_reply.h"
#include "registry/secret_file.h"
#include "registry/wire.h"

enum {
    FORM_CAP = 4 * 1024, /* of our own requests: names, and user and password */
    PATH_CAP = 8 * 1024,
    REPLY_CAP = 256 * 1024, /* a list of namespaces may be long */
    RENEW_AGAIN_MS = 1000,
};

/* --- Open and close ------------------------------------------------------------------------ */

static const struct servers_syntax nacos_syntax = {
    .scheme = "http",
    .port = 8848,
    .path = "/nacos",
    .error = "NACOS_SERVER_ADDR=***: want [http[s]://]host[:port][/path], comma-separated, without user and password",
};

int nacos_check_server_addr(const char *server_addr)
{
    return servers_parse(server_addr, &nacos_syntax, NULL) < 0 ? -1 : 0;
}

static int fail_password_file(const struct err *why, struct err *err)
{
    return err_set(err, ERR_INVALID, "NACOS_PASSWORD_FILE=***: want a file that holds a password of at most %d bytes; "
                   "cannot read it: %s", SECRET_MAX, why->text);
}

/* The password is read again at each login. Now it only shows whether the file can be read. */
static int check_password_file(const char *path, struct err *err)
{
    struct err why = ERR_INIT;
    char password[SECRET_MAX + 1];
    return !*path || secret_file_read_blocking(path, password, &why) == 0 ? 0 : fail_password_file(&why, err);
}

int nacos_http_open(struct nacos_http *http, const struct nacos_config *config, struct http_client *client,
                    struct err *err)
{
    *http = (struct nacos_http){.config = config};
    if (check_password_file(config->password_file, err) != 0)
        return -1;
    return servers_open(&http->servers, config->server_addr, &nacos_syntax, client, err);
}

void nacos_http_close(struct nacos_http *http)
{
    servers_close(&http->servers);
}

/* --- One request --------------------------------------------------------------------------- */

static int send_form(struct nacos_http *http, const struct url *server, const struct nacos_sent *sent,
                     const char *token_header, int64_t deadline, struct http_response *response, struct err *err)
{
    struct buf path = BUF_INIT(PATH_CAP);
    const char *method = nacos_method(sent->api, sent->request), *form = buf_text(sent->form);
    bool is_body = strcmp(method, "POST") == 0, is_query = !is_body && *form;
    const char *headers[] = {"Content-Type: application/x-www-form-urlencoded", *token_header ? token_header : NULL,
                             NULL};
    int rc = -1;
    if (!buf_addf(&path, "%s%s%s%s", server->path, nacos_path(sent->api, sent->request), is_query ? "?" : "",
                  is_query ? form : "")) {
        err_set(err, ERR_INVALID, "cannot write the request: too long, or out of memory");
    } else {
        const struct http_call call = {.method = method, .path = buf_text(&path), .headers = headers,
                                       .body = is_body ? form : NULL, .body_len = is_body ? sent->form->len : 0,
                                       .deadline = deadline, .body_cap = sent->body_cap, .on_data = sent->on_data,
                                       .on_data_arg = sent->on_data_arg};
        rc = servers_send(&http->servers, server, &call, response, err);
    }
    buf_close(&path);
    return rc;
}

/* --- Login --------------------------------------------------------------------------------- */

static const char token_prefix[] = "Authorization: Bearer ";

/* Of the reply only the status: the server's words may name the user. Nacos 3 answers a wrong password with a 500. */
static int take_token(struct nacos_http *http, const struct http_response *response, struct err *err)
{
    const struct buf *body = &response->body;
    char token[NACOS_TOKEN_MAX];
    int64_t ttl_ms = 0;
    if (response->status == 503)
        return err_set(err, ERR_FAILED, "cannot log in: HTTP 503: the server is not ready");
    if (response->status != 200)
        return err_set(err, ERR_FAILED, "cannot log in: HTTP %d; check NACOS_USERNAME and %s; set none of them if the "
                       "server wants no login", response->status,
                       *http->config->password_file ? "the file of NACOS_PASSWORD_FILE" : "NACOS_PASSWORD");
    if (nacos_parse_login(buf_text(body), body->len, token, sizeof token, &ttl_ms, err) != 0)
        return -1;
    snprintf(http->token_header, sizeof http->token_header, "%s%s", token_prefix, token);
    http->renew_ms = deadline_in(ttl_ms - ttl_ms / 10);
    return 0;
}

static int add_login(const struct nacos_config *config, struct buf *form, int64_t deadline, struct err *err)
{
    struct err why = ERR_INIT;
    char secret[SECRET_MAX + 1];
    const char *password = config->password;
    if (*config->password_file) {
        if (secret_file_read(config->password_file, deadline, secret, &why) != 0)
            return fail_password_file(&why, err);
        password = secret;
    }
    return nacos_add_login(form, config->username, password)
               ? 0
               : err_set(err, ERR_INVALID, "cannot log in: user and password are over %d bytes", FORM_CAP);
}

static int login(struct nacos_http *http, const struct url *server, enum nacos_api api, int64_t deadline,
                 struct err *err)
{
    struct http_response response = HTTP_RESPONSE_INIT;
    struct buf form = BUF_INIT(FORM_CAP);
    const struct nacos_sent sent = {.api = api, .request = NACOS_LOGIN, .form = &form, .body_cap = REPLY_CAP};
    int rc = add_login(http->config, &form, deadline, err);
    if (rc == 0)
        rc = send_form(http, server, &sent, "", deadline, &response, err);
    if (rc == 0)
        rc = take_token(http, &response, err);
    buf_close(&form);
    http_response_close(&response);
    return rc;
}

/* A token that is not refused yet is used on if the login fails: Nacos checks tokens without its database, but not
 * passwords. Half of the time is left for the request. */
static int renew_login(struct nacos_http *http, const struct url *server, enum nacos_api api, int64_t deadline,
                       struct err *err)
{
    struct err ignored = ERR_INIT;
    if (!*http->config->username)
        return 0;
    if (!*http->token_header)
        return login(http, server, api, deadline, err);
    if (clock_ms() >= http->renew_ms &&
        login(http, server, api, deadline_in(deadline_left(deadline) / 2), &ignored) != 0)
        http->renew_ms = deadline_in(RENEW_AGAIN_MS);
    return 0;
}

static bool wants_login(const struct nacos_http *http, const struct http_response *response)
{
    return *http->config->username && nacos_wants_login(response->status, buf_text(&response->body));
}

/* --- One server ---------------------------------------------------------------------------- */

static int send_logged_in(struct nacos_http *http, const struct url *server, const struct nacos_sent *sent,
                          int64_t deadline, struct http_response *response, struct err *err)
{
    if (renew_login(http, server, sent->api, deadline, err) != 0)
        return -1;
    if (send_form(http, server, sent, http->token_header, deadline, response, err) != 0)
        return -1;
    if (!wants_login(http, response))
        return 0;
    if (login(http, server, sent->api, deadline, err) != 0)
        return -1;
    return send_form(http, server, sent, http->token_header, deadline, response, err);
}

void nacos_http_hide(const struct nacos_http *http, struct buf *text)
{
    if (*http->token_header)
        wire_hide(text, http->token_header + strlen(token_prefix));
}

/* 404, 410: the server was replaced by one of another version. The next request finds out which. */
int nacos_http_send(struct nacos_http *http, const struct url *server, const struct nacos_sent *sent, int64_t deadline,
                    struct http_response *response, struct err *err)
{
    if (send_logged_in(http, server, sent, deadline, response, err) != 0)
        return -1;
    nacos_http_hide(http, &response->body);
    if (sent->request != NACOS_NAMESPACES && (response->status == 404 || response->status == 410))
        http->api = NACOS_API_UNKNOWN;
    return 0;
}

/* --- Any server ---------------------------------------------------------------------------- */

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

/* --- The version of the API ---------------------------------------------------------------- */

struct probing {
    struct nacos_http *http;
    const char *service;
};

static int ask_for(struct nacos_http *http, const struct url *server, enum nacos_api api, const char *service,
                   int64_t deadline, struct http_response *response, struct err *err)
{
    struct buf form = BUF_INIT(FORM_CAP);
    const struct nacos_sent sent = {.api = api, .request = NACOS_LIST, .form = &form, .body_cap = REPLY_CAP};
    int rc = nacos_add_probe(&form, api, http->config, service)
                 ? send_form(http, server, &sent, "", deadline, response, err)
                 : err_set(err, ERR_INVALID, "cannot write the request: too long, or out of memory");
    buf_close(&form);
    return rc;
}

/* Version 3 first: its servers know version 1 too, for now. */
static int ask_version(void *arg, const struct url *server, int64_t deadline, struct http_response *response,
                       struct err *err)
{
    static const enum nacos_api apis[] = {NACOS_API_V3, NACOS_API_V1};
    const struct probing *probing = arg;
    for (size_t i = 0; i < sizeof apis / sizeof *apis; i++) {
        if (ask_for(probing->http, server, apis[i], probing->service, deadline, response, err) != 0)
            return -1;
        if (response->status >= 500)
            return nacos_parse_error(response->status, buf_text(&response->body), response->body.len, err);
        if (nacos_shows_api(apis[i], response->status, buf_text(&response->body), response->body.len)) {
            probing->http->api = apis[i];
            return 0;
        }
    }
    return err_set(err, ERR_FAILED, "HTTP %d for %s%s: this is not Nacos' API; NACOS_SERVER_ADDR is host:port, and "
                   "/path if it is not /nacos", response->status, server->path,
                   nacos_path(NACOS_API_V1, NACOS_LIST));
}

/* --- The namespace ------------------------------------------------------------------------- */

/* Of the replies, only a list without it counts: a user may not be allowed to read the list, or the server may not
 * offer it. Without a reply it is not known yet. */
static int check_namespace(struct nacos_http *http, int64_t deadline, struct err *err)
{
    struct http_response response = HTTP_RESPONSE_INIT;
    struct buf none = BUF_INIT(0);
    const char *id = http->config->namespace_id;
    const struct nacos_sent sent = {.api = http->api, .request = NACOS_NAMESPACES, .form = &none,
                                    .body_cap = REPLY_CAP};
    int rc = nacos_http_call(http, &sent, deadline, &response, err);
    if (rc == 0 && response.status == 200 && nacos_lacks_namespace(buf_text(&response.body), response.body.len, id))
        rc = err_set(err, ERR_FAILED, "NACOS_NAMESPACE=%.80s: Nacos has no namespace with this id; create it, or "
                     "correct the setting (an id is not the name)", id);
    http->namespace_is_checked = rc == 0;
    http_response_close(&response);
    return rc;
}

static bool is_public(const char *namespace_id)
{
    return !*namespace_id || strcmp(namespace_id, "public") == 0;
}

int nacos_http_prepare(struct nacos_http *http, const char *service, char local_address[ADDRESS_MAX], int64_t deadline,
                       struct err *err)
{
    struct probing probing = {http, service};
    struct http_response response = HTTP_RESPONSE_INIT;
    int rc = 0;
    if (http->api == NACOS_API_UNKNOWN) {
        rc = servers_call(&http->servers, ask_version, &probing, deadline, &response, err);
        if (rc == 0)
            memcpy(local_address, response.local_address, ADDRESS_MAX);
    }
    http_response_close(&response);
    if (rc == 0 && !http->namespace_is_checked && !is_public(http->config->namespace_id))
        rc = check_namespace(http, deadline, err);
    return rc;
}
