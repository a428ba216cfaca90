#include "registry/consul/consul_http.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "loop/offload.h"

/* --- CONSUL_HTTP_ADDR ----------------------------------------------------------------- */

/* As Consul's own tools: CONSUL_HTTP_SSL means https, even where the address says
 * http. Without a port: what the scheme says, or, where there is none either, 8500. */
static int parse_address(const char *address, bool ssl, struct url *url, bool *is_https)
{
    char text[600];
    bool has_scheme = strstr(address, "://") != NULL;
    int len = snprintf(text, sizeof text, "%s%s", has_scheme ? "" : "http://", address);
    if (len < 0 || (size_t)len >= sizeof text || url_parse(text, url) != 0)
        return -1;

    *is_https = ssl || strcmp(url->scheme, "https") == 0;
    if (strcmp(url->scheme, "https") != 0 && strcmp(url->scheme, "http") != 0)
        return -1; /* unix:// among them */
    if (*url->user || *url->password || (*url->path && strcmp(url->path, "/") != 0))
        return -1;
    if (url->port == 0)
        url->port = !has_scheme ? 8500 : *is_https ? 443 : 80;
    return 0;
}

int consul_check_address(const char *address)
{
    struct url url;
    bool is_https;
    return parse_address(address, false, &url, &is_https);
}

/* --- The token --------------------------------------------------------------------------- */

struct token_job {
    char path[PATH_MAX]; /* a copy: the job may outlive who asked for it */
    char token[CONSUL_TOKEN_MAX + 1];
    int error; /* errno, 0: read */
};

/* Runs on another thread: a file may lie on a disk that hangs. */
static void read_token(void *arg)
{
    struct token_job *job = arg;
    FILE *file = fopen(job->path, "re");
    if (!file) {
        job->error = errno;
        return;
    }
    size_t len = fread(job->token, 1, sizeof job->token, file);
    if (ferror(file))
        job->error = EIO;
    else if (len > CONSUL_TOKEN_MAX)
        job->error = EFBIG;
    fclose(file);
    while (len > 0 && strchr(" \t\r\n", job->token[len - 1]))
        len--;
    job->token[len < CONSUL_TOKEN_MAX ? len : CONSUL_TOKEN_MAX] = '\0';
}

/* A control character in a header would let a token write further headers. */
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

static int use_token_of(struct consul_http *http, const struct token_job *job, struct err *err)
{
    if (!job->error && set_token(http, job->token) == 0)
        return 0;
    return err_set(err, ERR_INVALID, "CONSUL_HTTP_TOKEN_FILE=***: want a file that holds one word of at most %d bytes%s%s",
                   CONSUL_TOKEN_MAX, job->error ? "; reading it: " : "", job->error ? strerror(job->error) : "");
}

/* True where the file holds another token than the one that we used. */
static bool token_has_changed(struct consul_http *http, int64_t deadline)
{
    struct err ignored = ERR_INIT;
    struct token_job job = {.error = 0};
    char before[sizeof http->token_header];
    memcpy(before, http->token_header, sizeof before);

    snprintf(job.path, sizeof job.path, "%s", http->token_file);
    if (offload_run(&(struct offload_job){.work = read_token}, &job, sizeof job, deadline, &ignored) != 0)
        return false;
    if (use_token_of(http, &job, &ignored) != 0 || strcmp(before, http->token_header) == 0)
        return false;
    http->token_changes++;
    return true;
}

/* --- Opening -------------------------------------------------------------------------------- */

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static int open_token(struct consul_http *http, const struct consul_config *config, struct err *err)
{
    if (*config->token_file) {
        struct token_job job = {.error = 0};
        snprintf(job.path, sizeof job.path, "%s", config->token_file);
        read_token(&job);
        return use_token_of(http, &job, err);
    }
    if (set_token(http, config->token) != 0)
        return err_set(err, ERR_INVALID, "CONSUL_HTTP_TOKEN=***: want one word of at most %d bytes", CONSUL_TOKEN_MAX);
    return 0;
}

int consul_http_open(struct consul_http *http, const struct consul_config *config, struct http_client *client,
                     struct err *err)
{
    *http = (struct consul_http){.client = client, .token_file = config->token_file};
    if (parse_address(config->address, config->ssl, &http->url, &http->is_https) != 0)
        return err_set(err, ERR_INVALID, "CONSUL_HTTP_ADDR=***: want http://host:port, https://host:port or host:port");
    if (!*config->client_cert != !*config->client_key)
        return err_set(err, ERR_INVALID, "CONSUL_CLIENT_%s=: want a PEM file, as the other of certificate and key is given",
                       *config->client_cert ? "KEY" : "CERT");
    http->tls = (struct http_tls){
        .ca_file = or_null(config->ca_file),
        .cert_file = or_null(config->client_cert),
        .key_file = or_null(config->client_key),
        .server_name = or_null(config->tls_server_name),
        .skip_verify = !config->ssl_verify,
    };
    return open_token(http, config, err);
}

/* --- Calling --------------------------------------------------------------------------------- */

static int call_once(struct consul_http *http, const struct http_call *what, struct http_response *response,
                     struct err *err)
{
    const char *headers[] = {*http->token_header ? http->token_header : NULL, NULL};
    struct http_call call = *what;
    call.host = http->url.host;
    call.port = http->url.port;
    call.headers = headers;
    call.tls = http->is_https ? &http->tls : NULL;
    return http_call(http->client, &call, response, err);
}

int consul_http_call(struct consul_http *http, const struct http_call *call, struct http_response *response,
                     struct err *err)
{
    if (call_once(http, call, response, err) != 0)
        return err_prefix(err, "consul");
    if (response->status != 403 || !*http->token_file || !token_has_changed(http, call->deadline))
        return 0;
    if (call_once(http, call, response, err) != 0)
        return err_prefix(err, "consul");
    return 0;
}

int consul_http_refused(const struct http_response *response, struct err *err)
{
    const char *text = buf_text(&response->body);
    int first_line = (int)strcspn(text, "\r\n");
    return err_set(err, ERR_FAILED, "consul: HTTP %d: %.*s", response->status, first_line < 160 ? first_line : 160,
                   text);
}
