#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/http_client.h"
#include "net/http_client_transfer.h"

enum {
    PATH_MAX_LEN = 4096,  /* bytes; our longest is a path with a few encoded ids */
    HEADERS_MAX = 16 + 3, /* the caller's; Host, Expect and Content-Type */
    HEAD_MAX = 32 * 1024, /* bytes of a reply's head */
};

/* What curl borrows while a call runs. Lives on the stack of its fiber: a call
 * on a connection that is there allocates nothing of ours. */
struct request {
    char address[ADDRESS_MAX];
    char connect_to_text[ADDRESS_MAX + 8];
    struct curl_slist connect_to;
    char host_header[300];
    struct curl_slist headers[HEADERS_MAX];
    size_t header_count;
    bool altered; /* more than a plain GET was set */
};

/* --- The reply, as it comes ---------------------------------------------------------- */

static size_t refuse(struct transfer *transfer, enum err_code why)
{
    transfer->refusal = why;
    return 0; /* tells curl to end the transfer */
}

static size_t on_body(char *bytes, size_t one, size_t len, void *arg)
{
    (void)one;
    struct transfer *transfer = arg;
    const struct http_call *call = transfer->call;
    if (len > call->body_cap - transfer->received)
        return refuse(transfer, ERR_TOO_LARGE);
    transfer->received += len;
    if (call->on_data)
        return call->on_data(call->on_data_arg, bytes, len) ? len : refuse(transfer, ERR_CANCELLED);
    return buf_add(&transfer->response->body, bytes, len) ? len : refuse(transfer, ERR_TOO_LARGE);
}

/* One line of the head. An interim reply (100) comes before the real one, whose
 * status line starts anew; trailers come after the body and are of no use to us. */
static size_t on_head_line(char *line, size_t one, size_t len, void *arg)
{
    (void)one;
    struct transfer *transfer = arg;
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        buf_clear(&transfer->response->head);
        transfer->head_ended = false;
    }
    if (transfer->head_ended)
        return len;
    transfer->head_ended = line[0] == '\r' || line[0] == '\n';
    return buf_add(&transfer->response->head, line, len) ? len : refuse(transfer, ERR_TOO_LARGE);
}

void transfer_set_defaults(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*"); /* asked for none, it would look into the environment each time */
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, -1L); /* it meets addresses only: nothing to look through for old ones */
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_CURLU, transfer->origin);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_says);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head_line);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
}

/* --- What is asked, and of whom -------------------------------------------------------- */

/* The list is linked by hand: curl only reads it. */
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

/* Scheme, host and port are kept apart from the path, and set only where they
 * changed: to take a URL apart and put it together again was a tenth of a call. */
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
        return err_set(err, ERR_INVALID, "not a host and port");
    memcpy(transfer->host, name, len + 1);
    transfer->secure = secure;
    transfer->port = call->port;
    return 0;
}

/* It goes out as it is: a space or a line's end in it would make another request of it. */
static int set_path(const char *path, CURL *easy, struct err *err)
{
    size_t len = 0;
    while (path[len] > ' ' && path[len] <= '~' && path[len] != '#')
        len++;
    if (*path != '/' || path[len] != '\0')
        return err_set(err, ERR_INVALID, "not a path");
    if (len > PATH_MAX_LEN)
        return err_set(err, ERR_INVALID, "path longer than %d bytes", PATH_MAX_LEN);
    return curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, path) == CURLE_OK ? 0 : err_set(err, ERR_BUSY, "out of memory");
}

/* curl must never look up a name: it is told the address to connect to, and
 * knows the name only for the Host header and the certificate. */
static int set_target(struct request *request, const struct http_call *call, struct transfer *transfer, struct err *err)
{
    if (resolve_host(call->host, request->address, call->deadline, err) != 0)
        return -1;
    const char *name = call->tls && call->tls->server_name ? call->tls->server_name : call->host;
    if (set_origin(transfer, name, call, err) != 0 || set_path(call->path, transfer->easy, err) != 0)
        return -1;
    if (strcmp(name, request->address) == 0)
        return 0;

    snprintf(request->connect_to_text, sizeof request->connect_to_text,
             strchr(request->address, ':') ? "::[%s]:" : "::%s:", request->address);
    request->connect_to = (struct curl_slist){.data = request->connect_to_text};
    curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_TO, &request->connect_to);
    request->altered = true;
    if (name == call->host)
        return 0;
    snprintf(request->host_header, sizeof request->host_header, strchr(call->host, ':') ? "Host: [%s]:%u" : "Host: %s:%u",
             call->host, call->port);
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
    /* RFC 9110, 9.2.2. On a connection that was closed while idle, curl sends the
     * request again on a new one; what must not happen twice gets a new one first. */
    static const char *const may_be_repeated[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", NULL};
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
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, is_one_of(method, may_be_repeated) ? 0L : 1L);
}

static int set_headers(struct request *request, const struct http_call *call, CURL *easy, struct err *err)
{
    bool has_type = false;
    for (const char *const *line = call->headers; line && *line; line++) {
        has_type |= strncasecmp(*line, "Content-Type:", 13) == 0;
        if (add_header(request, *line, err) != 0)
            return -1;
    }
    /* "Name:" takes out what curl would add by itself: a form's type, and the
     * wait for "100 Continue" before a long body. */
    if (call->body && (add_header(request, "Expect:", err) != 0 ||
                       (!has_type && add_header(request, "Content-Type:", err) != 0)))
        return -1;
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->header_count ? request->headers : NULL);
    return 0;
}

/* What announces more than its cap is not waited for. (Of the body of a HEAD
 * only the length comes; curl takes 0 for no limit.) */
static void set_cap(const struct http_call *call, CURL *easy)
{
    bool is_head = call->method && strcmp(call->method, "HEAD") == 0;
    bool limited = !is_head && call->body_cap <= INT32_MAX;
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, limited ? (curl_off_t)call->body_cap : (curl_off_t)0);
}

/* --- What came of it --------------------------------------------------------------------- */

static enum err_code code_of(const struct transfer *transfer)
{
    switch (transfer->result) {
    case CURLE_WRITE_ERROR:
        return transfer->refusal;
    case CURLE_URL_MALFORMAT:
        return ERR_INVALID;
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR: /* until the handshake is done no request goes out */
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return ERR_UNREACHABLE;
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_UNSUPPORTED_PROTOCOL: /* no status line: HTTP/0.9 or something else */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
        return ERR_PROTOCOL;
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY: /* so curl calls a header line over 100 KB */
        return ERR_TOO_LARGE;
    case CURLE_FAILED_INIT:
        return ERR_BUSY;
    default:
        return ERR_BROKEN;
    }
}

static const char *reason_of(const struct transfer *transfer)
{
    long os_error = 0;
    if (transfer->result == CURLE_COULDNT_CONNECT)
        curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_error);
    if (os_error)
        return strerror((int)os_error);
    if (code_of(transfer) == ERR_TOO_LARGE)
        return "the reply is too large";
    if (code_of(transfer) == ERR_CANCELLED)
        return "ended by its reader";
    return transfer->curl_says[0] ? transfer->curl_says : curl_easy_strerror(transfer->result);
}

static int read_result(struct transfer *transfer, struct err *err)
{
    struct http_response *response = transfer->response;
    if (transfer->result != CURLE_OK)
        return err_set(err, code_of(transfer), "%s", reason_of(transfer));

    long status = 0;
    const char *local = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->easy, CURLINFO_LOCAL_IP, &local);
    /* curl takes the end of the stream for the end of the head. */
    if (!transfer->head_ended)
        return err_set(err, ERR_BROKEN, "the reply ends in its head");
    response->status = (int)status;
    snprintf(response->local_address, sizeof response->local_address, "%s", local ? local : "");
    return 0;
}

static int run(struct http_client *client, struct transfer *transfer, struct err *err)
{
    switch (transfer_run(client, transfer, transfer->call->deadline)) {
    case WAIT_TIMEOUT:
        return err_set(err, ERR_TIMEOUT, "no whole reply in time");
    case WAIT_CANCELLED:
        return err_set(err, ERR_CANCELLED, "cancelled");
    default:
        return read_result(transfer, err);
    }
}

/* --- The call ------------------------------------------------------------------------------ */

static void empty(struct http_response *response, const struct http_call *call)
{
    buf_clear(&response->body);
    buf_clear(&response->head);
    response->body.cap = call->body_cap;
    response->head.cap = HEAD_MAX;
    response->status = 0;
    response->local_address[0] = '\0';
}

int http_call(struct http_client *client, const struct http_call *call, struct http_response *response,
              struct err *err)
{
    struct request request;
    request.header_count = 0;
    request.altered = false;
    empty(response, call);
    struct transfer *transfer = transfer_take(client);
    if (!transfer)
        return err_set(err, ERR_BUSY, "out of memory");
    transfer->call = call;
    transfer->response = response;
    transfer->received = 0;
    transfer->head_ended = false;
    transfer->refusal = ERR_BROKEN;
    transfer->curl_says[0] = '\0';

    int status = set_target(&request, call, transfer, err);
    if (status == 0)
        status = set_headers(&request, call, transfer->easy, err);
    if (status == 0) {
        set_cap(call, transfer->easy);
        set_method(&request, call, transfer->easy);
        set_tls(&request, call->tls, transfer->easy);
        status = run(client, transfer, err);
    }
    transfer_give_back(client, transfer, request.altered);
    return status == 0 ? 0 : err_prefix(err, "%s %s:%u", call->method ? call->method : "GET", call->host, call->port);
}

bool http_response_header(const struct http_response *response, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);
    const char *line = buf_text(&response->head);
    while ((line = strchr(line, '\n')) != NULL) {
        line++;
        if (strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
            continue;
        const char *value = line + name_len + 1;
        value += strspn(value, " \t");
        size_t len = strcspn(value, "\r\n");
        while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
            len--;
        snprintf(out, size, "%.*s", (int)len, value);
        return true;
    }
    return false;
}

void http_response_close(struct http_response *response)
{
    buf_close(&response->body);
    buf_close(&response->head);
}
