#include "net/http_call_response.h"

#include <string.h>

#include "base/clock.h"

enum {
    BYTES_PER_MS = 1024,    /* that a long reply may at least take: 8 Mbit/s */
    HEAD_MAX = 32 * 1024,   /* bytes of a reply's head */
    TURN_BYTES = 32 * 1024, /* bytes of a stream that are read before other fibers run */
};

int64_t http_deadline_after(int64_t deadline, size_t bytes)
{
    return deadline == DEADLINE_NONE ? DEADLINE_NONE : deadline + (int64_t)(bytes / BYTES_PER_MS);
}

static size_t end_transfer(struct transfer *transfer, enum err_code why)
{
    transfer->callback_error = why;
    return 0; /* makes curl end the transfer */
}

/* curl reads as long as bytes are there, and a sender on the same machine sends faster
 * than on_data can parse: a list of 10,000 instances would block the loop for 100 ms. So
 * a stream pauses until the other fibers have run. */
static size_t pause_stream(struct transfer *transfer)
{
    transfer->deadline = http_deadline_after(transfer->deadline, transfer->turn_bytes);
    http_multi_pause(transfer);
    return CURL_WRITEFUNC_PAUSE;
}

static size_t on_body(char *bytes, size_t one, size_t len, void *arg)
{
    (void)one;
    struct transfer *transfer = arg;
    const struct http_call *call = transfer->call;
    if (len > call->body_cap - transfer->received)
        return end_transfer(transfer, ERR_TOO_LARGE);
    if (call->on_data && transfer->turn_bytes >= TURN_BYTES)
        return pause_stream(transfer);
    transfer->received += len;
    transfer->turn_bytes += len;
    if (call->on_data)
        return call->on_data(call->on_data_arg, bytes, len) ? len : end_transfer(transfer, ERR_CANCELLED);
    return buf_add(&transfer->response->body, bytes, len) ? len : end_transfer(transfer, ERR_TOO_LARGE);
}

static void store_status(struct transfer *transfer)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->response->status = (int)status;
}

/* One line of the head. An interim reply (100) may come first; the status line of the
 * final reply starts a new head. Trailers come after the body and are ignored. */
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
        store_status(transfer);
    return buf_add(&transfer->response->head, line, len) ? len : end_transfer(transfer, ERR_TOO_LARGE);
}

void response_attach(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head_line);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
}

void response_reset(struct http_response *response, const struct http_call *call)
{
    buf_clear(&response->body);
    buf_clear(&response->head);
    response->body.cap = call->body_cap;
    response->head.cap = HEAD_MAX;
    response->status = 0;
    response->local_address[0] = '\0';
}
