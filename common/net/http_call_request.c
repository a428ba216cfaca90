#include "net/http_call_request.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

enum { PATH_MAX_LEN = 4096 }; /* bytes; our longest is a path with a few encoded ids */

/* Linked by hand, without allocation: curl only reads the list. */
static int add_header(struct request *request, const char *line, struct err *err)
{
    size_t i = request->header_count;
    if (i == HEADERS_MAX)
        return err_set(err, ERR_INVALID, "too many headers");
    request->headers[i] = (struct curl_slist){.data = (char *)line};
    if (i > 0)
        request->headers[i - 1].next = &request->headers[i];
    request->header_count++;
    return 0;
}

static bool set_host(CURLU *origin, const char *name)
{
    char brackets[ADDRESS_MAX + 2];
    if (!strchr(name, ':'))
        return curl_url_set(origin, CURLUPART_HOST, name, 0) == CURLUE_OK;
    snprintf(brackets, sizeof brackets, "[%s]", name);
    return curl_url_set(origin, CURLUPART_HOST, brackets, 0) == CURLUE_OK;
}

/* Scheme, host and port are stored apart from the path, and set only when they change:
 * to split a URL and join it again took a tenth of a call's CPU time. */
static int set_origin(struct transfer *transfer, const char *name, const struct http_call *call, struct err *err)
{
    bool secure = call->tls != NULL;
    size_t len = strlen(name);
    char port[8];
    if (transfer->port == call->port && transfer->secure == secure && strcmp(transfer->host, name) == 0)
        return 0;
    transfer->port = 0; /* until all is set */
    snprintf(port, sizeof port, "%u", call->port);
    if (len >= sizeof transfer->host || !set_host(transfer->origin, name) ||
        curl_url_set(transfer->origin, CURLUPART_PORT, port, 0) != CURLUE_OK ||
        curl_url_set(transfer->origin, CURLUPART_SCHEME, secure ? "https" : "http", 0) != CURLUE_OK)
        return err_set(err, ERR_INVALID, "invalid host or port");
    memcpy(transfer->host, name, len + 1);
    transfer->secure = secure;
    transfer->port = call->port;
    return 0;
}

/* The path is sent as it is. A space or line end in it would turn it into another request. */
static int set_path(const char *path, CURL *easy, struct err *err)
{
    size_t len = 0;
    while (path[len] > ' ' && path[len] <= '~' && path[len] != '#')
        len++;
    if (*path != '/' || path[len] != '\0')
        return err_set(err, ERR_INVALID, "invalid path: want /… without spaces or control characters");
    if (len > PATH_MAX_LEN)
        return err_set(err, ERR_INVALID, "path longer than %d bytes", PATH_MAX_LEN);
    if (curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, path) != CURLE_OK)
        return err_set(err, ERR_BUSY, "out of memory");
    return 0;
}

/* curl must never resolve a name, because that would block. It gets the address to connect
 * to, and uses the name only for the Host header and the certificate. */
void request_aim(struct request *request, int number, const struct http_call *call, struct transfer *transfer)
{
    const char *address = request->addresses.list[number];
    int more = request->addresses.count - 1 - number;
    if (strcmp(transfer->host, address) == 0)
        return;
    snprintf(request->connect_to_text, sizeof request->connect_to_text, strchr(address, ':') ? "::[%s]:" : "::%s:",
             address);
    request->connect_to = (struct curl_slist){.data = request->connect_to_text};
    request->altered = true;
    curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_TO, &request->connect_to);
    int64_t share_ms = more && call->deadline != DEADLINE_NONE ? deadline_left(call->deadline) / (more + 1) + 1 : 0;
    curl_easy_setopt(transfer->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)share_ms);
}

static int set_target(struct request *request, const struct http_call *call, struct transfer *transfer, struct err *err)
{
    if (resolve_host(call->host, &request->addresses, call->deadline, err) != 0)
        return -1;
    const char *name = call->tls && call->tls->server_name ? call->tls->server_name : call->host;
    if (set_origin(transfer, name, call, err) != 0 || set_path(call->path, transfer->easy, err) != 0)
        return -1;
    request_aim(request, 0, call, transfer);
    if (name == call->host)
        return 0;
    snprintf(request->host_header, sizeof request->host_header,
             strchr(call->host, ':') ? "Host: [%s]:%u" : "Host: %s:%u", call->host, call->port);
    return add_header(request, request->host_header, err);
}

static void set_tls(struct request *request, const struct http_tls *tls, CURL *easy)
{
    if (!tls)
        return;
    request->altered = true;
    if (tls->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca_file);
    if (tls->cert_file)
        curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->cert_file);
    if (tls->key_file)
        curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->key_file);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls->skip_verify ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls->skip_verify ? 0L : 2L);
}

static bool is_one_of(const char *method, const char *const *methods)
{
    for (; *methods; methods++)
        if (strcmp(method, *methods) == 0)
            return true;
    return false;
}

static void set_method(struct request *request, const struct http_call *call, CURL *easy)
{
    /* RFC 9110, 9.2.2. If a kept connection turns out to be closed, curl repeats the request
     * on a new one. A request that must not take effect twice uses a new connection at once. */
    static const char *const idempotent[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", NULL};
    static const char *const has_body[] = {"POST", "PUT", "PATCH", NULL};
    const char *method = call->method ? call->method : "GET";
    if (strcmp(method, "GET") == 0 && !call->body)
        return;

    request->altered = true;
    if (call->body || is_one_of(method, has_body)) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body ? call->body : "");
    }
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, is_one_of(method, idempotent) ? 0L : 1L);
}

static int set_headers(struct request *request, const struct http_call *call, CURL *easy, struct err *err)
{
    bool has_type = false;
    for (const char *const *line = call->headers; line && *line; line++) {
        has_type |= strncasecmp(*line, "Content-Type:", 13) == 0;
        if (add_header(request, *line, err) != 0)
            return -1;
    }
    /* "Name:" removes a header that curl would add: Content-Type of a form, and Expect,
     * which makes it wait for "100 Continue" before a long body. */
    if (call->body && (add_header(request, "Expect:", err) != 0 ||
                       (!has_type && add_header(request, "Content-Type:", err) != 0)))
        return -1;
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->header_count ? request->headers : NULL);
    return 0;
}

/* A reply whose Content-Length exceeds the cap fails at once. (The reply to a HEAD has
 * only the length of a body; for curl 0 means no limit.) */
static void set_cap(const struct http_call *call, CURL *easy)
{
    bool is_head = call->method && strcmp(call->method, "HEAD") == 0;
    bool limited = !is_head && call->body_cap <= INT32_MAX;
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, limited ? (curl_off_t)call->body_cap : (curl_off_t)0);
}

int request_set(struct request *request, const struct http_call *call, struct transfer *transfer, struct err *err)
{
    request->header_count = 0;
    request->altered = false;
    if (set_target(request, call, transfer, err) != 0 || set_headers(request, call, transfer->easy, err) != 0)
        return -1;
    set_cap(call, transfer->easy);
    set_method(request, call, transfer->easy);
    set_tls(request, call->tls, transfer->easy);
    return 0;
}
