/* Turns HTTP/2 frames into calls, and replies into frames, with nghttp2. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "grpc/grpc_internal.h"

enum { RECEIVE_BYTES = 16 * 1024 }; /* a frame of the default size */

/* --- From frames to calls -------------------------------------------------------------------- */

static struct grpc_call *free_call(struct grpc_connection *connection)
{
    for (struct grpc_call *call = connection->calls; call < connection->calls + GRPC_CALLS_MAX; call++)
        if (call->phase == CALL_FREE)
            return call;
    return NULL;
}

static int reset_stream(nghttp2_session *session, int32_t stream, uint32_t code)
{
    nghttp2_session_set_stream_user_data(session, stream, NULL);
    return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, code) == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

/* A call keeps its slot until its health check has ended, even if its client has reset
 * the stream. So a client that resets streams quickly cannot start more checks. */
static int on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct grpc_connection *connection = arg;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    int32_t stream = frame->hd.stream_id;
    struct grpc_call *call = free_call(connection);
    if (!call)
        return reset_stream(session, stream, NGHTTP2_REFUSED_STREAM);
    *call = (struct grpc_call){.connection = connection, .phase = CALL_RECEIVING, .stream = stream};
    nghttp2_session_set_stream_user_data(session, stream, call);
    return 0;
}

/* The call of a stream, while its request is being received; else NULL. */
static struct grpc_call *receiving_call(nghttp2_session *session, int32_t stream)
{
    struct grpc_call *call = nghttp2_session_get_stream_user_data(session, stream);
    return call && call->phase == CALL_RECEIVING ? call : NULL;
}

static int reject_call(nghttp2_session *session, struct grpc_call *call)
{
    call->phase = CALL_FREE;
    /* Clients read this as RESOURCE_EXHAUSTED. */
    return reset_stream(session, call->stream, NGHTTP2_ENHANCE_YOUR_CALM);
}

static bool equals(const uint8_t *bytes, size_t len, const char *text)
{
    return len == strlen(text) && memcmp(bytes, text, len) == 0;
}

/* "application/grpc", also with "+proto" or parameters. */
static bool is_grpc(const uint8_t *type, size_t len)
{
    static const char grpc[] = "application/grpc";
    size_t prefix = sizeof grpc - 1;
    return len >= prefix && memcmp(type, grpc, prefix) == 0 &&
           (len == prefix || type[prefix] == '+' || type[prefix] == ';');
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                     const uint8_t *value, size_t value_len, uint8_t flags, void *arg)
{
    (void)flags, (void)arg;
    struct grpc_call *call = receiving_call(session, frame->hd.stream_id);
    if (!call)
        return 0;
    call->head_len += name_len + value_len;
    if (call->head_len > GRPC_HEAD_MAX)
        return reject_call(session, call);
    if (equals(name, name_len, ":method"))
        call->is_post = equals(value, value_len, "POST");
    else if (equals(name, name_len, ":path"))
        call->is_check = equals(value, value_len, "/grpc.health.v1.Health/Check");
    else if (equals(name, name_len, "content-type"))
        call->is_grpc = is_grpc(value, value_len);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes, size_t len, void *arg)
{
    (void)flags, (void)arg;
    struct grpc_call *call = receiving_call(session, stream);
    if (!call)
        return 0;
    if (len > GRPC_BODY_MAX - call->body_len)
        return reject_call(session, call);
    memcpy(call->body + call->body_len, bytes, len);
    call->body_len += len;
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    (void)arg;
    bool carries_request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    struct grpc_call *call = carries_request ? receiving_call(session, frame->hd.stream_id) : NULL;
    if (call && frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        call->phase = CALL_RECEIVED;
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t code, void *arg)
{
    (void)code, (void)arg;
    struct grpc_call *call = nghttp2_session_get_stream_user_data(session, stream);
    if (!call)
        return 0;
    if (call->phase == CALL_CHECKING)
        call->gone = true;
    else
        call->phase = CALL_FREE;
    return 0;
}

/* --- From replies to frames ------------------------------------------------------------------- */

#define FIELD(name_text, value_text)                                                                                   \
    {                                                                                                                  \
        .name = (uint8_t *)(name_text), .value = (uint8_t *)(value_text), .namelen = strlen(name_text),                \
        .valuelen = strlen(value_text), .flags = NGHTTP2_NV_FLAG_NONE                                                  \
    }

/* The message, followed by the trailers, which hold the status of the call. */
static ssize_t read_reply(nghttp2_session *session, int32_t stream, uint8_t *out, size_t size, uint32_t *flags,
                          nghttp2_data_source *source, void *arg)
{
    (void)arg;
    struct grpc_call *call = source->ptr;
    size_t len = GRPC_HEALTH_REPLY_SIZE - call->sent;
    if (len > size)
        len = size;
    memcpy(out, call->reply + call->sent, len);
    call->sent += len;
    if (call->sent < GRPC_HEALTH_REPLY_SIZE)
        return (ssize_t)len;

    const nghttp2_nv trailers[] = {FIELD("grpc-status", "0")};
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    if (nghttp2_submit_trailer(session, stream, trailers, 1) != 0)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return (ssize_t)len;
}

/* Fails only if memory is out; then the client waits until its own deadline. */
static void submit_reply(struct grpc_call *call, const nghttp2_nv *head, size_t count,
                         const nghttp2_data_provider *body)
{
    if (call->gone) {
        call->phase = CALL_FREE;
        return;
    }
    call->phase = CALL_REPLYING;
    nghttp2_submit_response(call->connection->session, call->stream, head, count, body);
}

void reply_health(struct grpc_call *call, bool serving)
{
    const nghttp2_nv head[] = {FIELD(":status", "200"), FIELD("content-type", "application/grpc")};
    const nghttp2_data_provider body = {.source = {.ptr = call}, .read_callback = read_reply};
    grpc_write_health(call->reply, serving);
    submit_reply(call, head, 2, &body);
}

/* Without a message, head and trailers are one frame. */
void reply_failed(struct grpc_call *call, enum grpc_status status, const char *why)
{
    char number[12];
    snprintf(number, sizeof number, "%d", (int)status);
    const nghttp2_nv head[] = {FIELD(":status", "200"), FIELD("content-type", "application/grpc"),
                               FIELD("grpc-status", number), FIELD("grpc-message", why)};
    submit_reply(call, head, 4, NULL);
}

void reply_http_error(struct grpc_call *call, const char *http_status)
{
    const nghttp2_nv head[] = {FIELD(":status", http_status)};
    submit_reply(call, head, 1, NULL);
}

/* --- The session -------------------------------------------------------------------------------- */

static ssize_t on_send(nghttp2_session *session, const uint8_t *bytes, size_t len, int flags, void *arg)
{
    (void)session, (void)flags;
    struct grpc_connection *connection = arg;
    ssize_t sent = send(connection->fd, bytes, len, MSG_NOSIGNAL);
    if (sent >= 0)
        return sent;
    connection->blocked = errno == EAGAIN || errno == EINTR;
    return connection->blocked ? NGHTTP2_ERR_WOULDBLOCK : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int session_new(struct grpc_connection *connection)
{
    nghttp2_session_callbacks *callbacks;
    if (nghttp2_session_callbacks_new(&callbacks) != 0)
        return -1;
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
    int status = nghttp2_session_server_new(&connection->session, callbacks, connection);
    nghttp2_session_callbacks_del(callbacks);
    return status == 0 ? 0 : -1;
}

int session_open(struct grpc_connection *connection)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, GRPC_CALLS_MAX},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, GRPC_HEAD_MAX},
    };
    if (session_new(connection) != 0)
        return -1;
    return nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, 2) == 0 ? 0 : -1;
}

int session_receive(struct grpc_connection *connection)
{
    uint8_t bytes[RECEIVE_BYTES];
    ssize_t len = recv(connection->fd, bytes, sizeof bytes, 0);
    if (len < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return len > 0 && nghttp2_session_mem_recv(connection->session, bytes, (size_t)len) >= 0 ? 0 : -1;
}

int session_send(struct grpc_connection *connection)
{
    nghttp2_session *session = connection->session;
    connection->blocked = false;
    if (nghttp2_session_send(session) != 0)
        return -1;
    return nghttp2_session_want_read(session) || nghttp2_session_want_write(session) ? 0 : -1;
}

void session_close(struct grpc_connection *connection)
{
    /* The replies first: after GOAWAY nghttp2 sends nothing more. */
    if (session_send(connection) == 0 && nghttp2_session_terminate_session(connection->session, NGHTTP2_NO_ERROR) == 0)
        session_send(connection);
    nghttp2_session_del(connection->session);
}
