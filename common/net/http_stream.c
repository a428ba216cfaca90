/* MHD asks for the next piece through a callback. If there is none, we suspend the connection, as MHD's manual
 * says, and resume it at the next write. So an idle stream needs neither polling nor a timer. */
#include "net/http_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/http_internal.h"

enum { PIECE_BYTES = 4096 }; /* what MHD has room for: half of its memory for a connection */

static bool is_open(const struct http_request *req)
{
    return req->connection && !req->server->draining;
}

/* --- MHD's side ------------------------------------------------------------------------------ */

static void suspend(struct http_request *req)
{
    req->stream->suspended = true;
    MHD_suspend_connection(req->connection->mhd);
}

static void resume(struct http_request *req)
{
    struct http_stream *stream = req->stream;
    if (!stream->suspended || !req->connection)
        return;
    stream->suspended = false;
    req->began_ms = clock_ms(); /* the limit for a client that does not read: see http_slow.c */
    MHD_resume_connection(req->connection->mhd);
    server_want_pump(req->server);
}

static ssize_t next_piece(void *arg, uint64_t position, char *out, size_t max)
{
    struct http_request *req = arg;
    struct http_stream *stream = req->stream;
    size_t left = stream->unsent.len - stream->sent;
    (void)position;
    if (left == 0) {
        if (stream->ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        suspend(req);
        return 0;
    }
    size_t len = left < max ? left : max;
    memcpy(out, stream->unsent.data + stream->sent, len);
    stream->sent += len;
    if (len == left) {
        buf_clear(&stream->unsent);
        stream->sent = 0;
    }
    req->began_ms = clock_ms();
    return (ssize_t)len;
}

/* --- The handler's side ------------------------------------------------------------------------ */

bool http_stream_begin(struct http_request *req, int status, const char *type)
{
    req->stream = calloc(1, sizeof *req->stream);
    if (req->stream)
        req->stream->unsent = (struct buf)BUF_INIT(HTTP_STREAM_UNSENT_MAX);
    struct MHD_Response *response =
        req->stream ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES, next_piece, req, NULL) : NULL;
    reply_send(req, status, type, response); /* without a response it closes the connection */
    return response != NULL;
}

bool http_stream_write(struct http_request *req, const void *bytes, size_t len)
{
    if (!is_open(req) || !buf_add(&req->stream->unsent, bytes, len))
        return false;
    resume(req);
    return true;
}

bool http_stream_wait(struct http_request *req, int64_t deadline)
{
    struct wait wait;
    if (!is_open(req))
        return false;
    wait_init(&wait);
    req->stream->waiter = &wait;
    enum wait_result result = wait_park(&wait, deadline);
    req->stream->waiter = NULL;
    return result != WAIT_CANCELLED && is_open(req);
}

void http_stream_wake(struct http_request *req)
{
    if (req->stream && req->stream->waiter)
        wait_wake(req->stream->waiter);
}

/* --- The server's side --------------------------------------------------------------------------- */

void stream_end(struct http_request *req)
{
    req->stream->ended = true;
    resume(req);
}

void stream_free(struct http_request *req)
{
    buf_close(&req->stream->unsent);
    free(req->stream);
    req->stream = NULL;
}

void streams_wake_all(struct http_server *server)
{
    struct http_connection *connection = server->ring;
    for (size_t i = 0; i < server->connections; i++, connection = connection->next)
        if (connection->request)
            http_stream_wake(connection->request);
}
