#include "registry/consul/consul_http.h"

#include <stdio.h>
#include <string.h>

#include "registry/secret_file.h"

/* --- The token --------------------------------------------------------------------------- */

/* A token with a control character could add headers of its own. */
static int set_token(struct consul_http *http, const char *token)
{
    for (const unsigned char *p = (const unsigned char *)token; *p; p++)
        if (*p <= ' ' || *p >= 0x7f)
            return -1;
    if (strlen(token) > CONSUL_TOKEN_MAX)
        return -1;
    snprintf(http->token_header, sizeof http->token_header, *token ? "X-Consul-Token: %s" : "%s", token);
    return 0;
}

/* True if the file has another token than the one in use. */
static bool reload_token(struct consul_http *http, int64_t deadline)
{
    struct err ignored = ERR_INIT;
    char before[sizeof http->token_header], token[SECRET_MAX + 1];
    memcpy(before, http->token_header, sizeof before);
    if (secret_file_read(http->token_file, deadline, token, &ignored) != 0)
        return false;
    if (set_token(http, token) != 0 || strcmp(before, http->token_header) == 0)
        return false;
    http->token_changes++;
    return true;
}

/* --- Open ----------------------------------------------------------------------------------- */

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static int open_token_file(struct consul_http *http, const char *path, struct err *err)
{
    struct err why = ERR_INIT;
    char token[SECRET_MAX + 1];
    if (secret_file_read_blocking(path, token, &why) == 0 && set_token(http, token) == 0)
        return 0;
    return err_set(err, ERR_INVALID,
                   "CONSUL_HTTP_TOKEN_FILE=***: want a file that holds one word of at most %d bytes%s%s",
                   CONSUL_TOKEN_MAX, *why.text ? "; cannot read it: " : "", why.text);
}

static int open_token(struct consul_http *http, const struct consul_config *config, struct err *err)
{
    if (*config->token_file)
        return open_token_file(http, config->token_file, err);
    if (set_token(http, config->token) != 0)
        return err_set(err, ERR_INVALID, "CONSUL_HTTP_TOKEN=***: want one word of at most %d bytes", CONSUL_TOKEN_MAX);
    return 0;
}

int consul_http_open(struct consul_http *http, const struct consul_config *config, struct http_client *client,
                     struct err *err)
{
    *http = (struct consul_http){.client = client, .token_file = config->token_file};
    if (consul_parse_address(config->address, config->ssl, &http->url, &http->is_https) != 0)
        return err_set(err, ERR_INVALID, "CONSUL_HTTP_ADDR=***: want http://host:port, https://host:port or host:port");
    if (!*config->client_cert != !*config->client_key)
        return err_set(err, ERR_INVALID, "CONSUL_CLIENT_%s=: want a PEM file, because CONSUL_CLIENT_%s is set",
                       *config->client_cert ? "KEY" : "CERT", *config->client_cert ? "CERT" : "KEY");
    http->tls = (struct http_tls){
        .ca_file = or_null(config->ca_file),
        .cert_file = or_null(config->client_cert),
        .key_file = or_null(config->client_key),
        .server_name = or_null(config->tls_server_name),
        .skip_verify = !config->ssl_verify,
    };
    return open_token(http, config, err);
}

/* --- Call ------------------------------------------------------------------------------------- */

static int send_once(struct consul_http *http, const struct http_call *request, struct http_response *response,
                     struct err *err)
{
    const char *headers[] = {*http->token_header ? http->token_header : NULL, NULL};
    struct http_call call = *request;
    call.host = http->url.host;
    call.port = http->url.port;
    call.headers = headers;
    call.tls = http->is_https ? &http->tls : NULL;
    return http_call(http->client, &call, response, err);
}

int consul_http_call(struct consul_http *http, const struct http_call *call, struct http_response *response,
                     struct err *err)
{
    if (send_once(http, call, response, err) != 0)
        return err_prefix(err, "consul");
    if (response->status != 403 || !*http->token_file || !reload_token(http, call->deadline))
        return 0;
    if (send_once(http, call, response, err) != 0)
        return err_prefix(err, "consul");
    return 0;
}

int consul_http_error(const struct http_response *response, struct err *err)
{
    const char *text = buf_text(&response->body);
    int first_line = (int)strcspn(text, "\r\n");
    return err_set(err, ERR_FAILED, "consul: HTTP %d: %.*s", response->status, first_line < 160 ? first_line : 160,
                   text);
}
