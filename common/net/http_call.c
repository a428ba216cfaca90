#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/http_client.h"
#include "net/http_call_request.h"
#include "net/http_client_transfer.h"

enum {
    HEAD_MAX = 32 * 1024, /* bytes of a reply's head */
    TURN_BYTES = 32 * 1024, /* of a stream that are read at a time */
};

/* --- The reply, as it comes ---------------------------------------------------------- */

static size_t refuse(struct transfer *transfer, enum err_code why)
{
    transfer->refusal = why;
    return 0; /* tells curl to end the transfer */
}

/* curl reads on as long as there is something, and a sender on the same machine is
 * faster than who makes sense of what it sends: 10,000 instances would stop the loop
 * for 100 ms. So a stream pauses, until everybody else has had a turn. */
static size_t hold_back(struct transfer *transfer)
{
    transfer->paused = true;
    wait_wake(&transfer->wait);
    return CURL_WRITEFUNC_PAUSE;
}

static size_t on_body(char *bytes, size_t one, size_t len, void *arg)
{
    (void)one;
    struct transfer *transfer = arg;
    const struct http_call *call = transfer->call;
    if (len > call->body_cap - transfer->received)
        return refuse(transfer, ERR_TOO_LARGE);
    if (call->on_data && transfer->turn_bytes >= TURN_BYTES)
        return hold_back(transfer);
    transfer->received += len;
    transfer->turn_bytes += len;
    if (call->on_data)
        return call->on_data(call->on_data_arg, bytes, len) ? len : refuse(transfer, ERR_CANCELLED);
    return buf_add(&transfer->response->body, bytes, len) ? len : refuse(transfer, ERR_TOO_LARGE);
}

static void note_status(struct transfer *transfer)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->response->status = (int)status;
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
    if (transfer->head_ended)
        note_status(transfer);
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

    const char *local = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_LOCAL_IP, &local);
    /* curl takes the end of the stream for the end of the head. */
    if (!transfer->head_ended)
        return err_set(err, ERR_BROKEN, "the reply ends in its head");
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
    empty(response, call);
    struct transfer *transfer = transfer_take(client);
    if (!transfer)
        return err_set(err, ERR_BUSY, "out of memory");
    transfer->call = call;
    transfer->response = response;
    transfer->received = transfer->turn_bytes = 0;
    transfer->paused = false;
    transfer->head_ended = false;
    transfer->refusal = ERR_BROKEN;
    transfer->curl_says[0] = '\0';

    int status = request_set(&request, call, transfer, err);
    if (status == 0)
        status = run(client, transfer, err);
    transfer_give_back(client, transfer, request.altered);
    if (status == 0)
        return 0;
    response->status = 0;
    return err_prefix(err, "%s %s:%u", call->method ? call->method : "GET", call->host, call->port);
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
