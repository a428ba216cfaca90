/* The health server and its client in one loop. The client uses nghttp2; to break the
 * protocol, it sends plain bytes. */
#include <nghttp2/nghttp2.h>

#include "base/clock.h"
#include "loop/sync.h"
#include "grpc/grpc_health.h"
#include "net/tests/raw_client.h"

TestSuite(grpc_health, .timeout = 300);

#define CHECK "/grpc.health.v1.Health/Check"
#define WATCH "/grpc.health.v1.Health/Watch"
#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define NO_SETTINGS "\0\0\0\4\0\0\0\0\0"

/* --- Server ---------------------------------------------------------------------- */

static struct grpc_health *health;
static uint16_t health_port;
static bool healthy;
static size_t checks_started, checks_running;
static struct wait_queue *gate; /* where health checks wait; NULL: they do not wait */

static int check_health(void *arg, struct err *err)
{
    (void)arg;
    checks_started++;
    checks_running++;
    if (gate)
        wait_queue_park(gate, DEADLINE_NONE);
    checks_running--;
    return healthy ? 0 : err_set(err, ERR_FAILED, "redis: connection refused");
}

static void health_test_main(void *body)
{
    const struct grpc_health_config config = {.address = "127.0.0.1", .service = "user-service", .check = check_health};
    struct err err = ERR_INIT;
    healthy = true;
    health = grpc_health_new(&config, &err);
    cr_expect_not_null(health, "%s", err.text);
    health_port = grpc_health_port(health);
    (*(void (**)(void))body)();
    grpc_health_close(health);
}

static void with_health(void (*body)(void))
{
    in_loop(health_test_main, &body);
}

/* --- Client ---------------------------------------------------------------------- */

struct call {
    bool closed;
    uint32_t reset; /* code; 0: ended in order */
    char http[8], type[32], status[8], message[80];
    uint8_t body[16];
    size_t body_len;
};

struct client {
    int fd;
    nghttp2_session *session;
    bool got_goaway, lost;
};

static ssize_t client_send(nghttp2_session *session, const uint8_t *bytes, size_t len, int flags, void *arg)
{
    struct client *client = arg;
    (void)session, (void)flags;
    ssize_t sent = send(client->fd, bytes, len, MSG_NOSIGNAL);
    return sent >= 0 ? sent : errno == EAGAIN ? NGHTTP2_ERR_WOULDBLOCK : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_field(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                    const uint8_t *value, size_t value_len, uint8_t flags, void *arg)
{
    struct call *call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    (void)name_len, (void)value_len, (void)flags, (void)arg;
    const struct { const char *name; char *out; size_t size; } fields[] = {
        {":status", call->http, sizeof call->http},
        {"content-type", call->type, sizeof call->type},
        {"grpc-status", call->status, sizeof call->status},
        {"grpc-message", call->message, sizeof call->message},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp((const char *)name, fields[i].name) == 0)
            snprintf(fields[i].out, fields[i].size, "%s", (const char *)value);
    return 0;
}

static int on_reply_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes, size_t len,
                         void *arg)
{
    struct call *call = nghttp2_session_get_stream_user_data(session, stream);
    (void)flags, (void)arg;
    for (size_t i = 0; i < len && call->body_len < sizeof call->body; i++)
        call->body[call->body_len++] = bytes[i];
    return 0;
}

static int on_closed(nghttp2_session *session, int32_t stream, uint32_t code, void *arg)
{
    struct call *call = nghttp2_session_get_stream_user_data(session, stream);
    (void)arg;
    call->closed = true;
    call->reset = code;
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    (void)session;
    if (frame->hd.type == NGHTTP2_GOAWAY)
        ((struct client *)arg)->got_goaway = true;
    return 0;
}

static int dial_health(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(health_port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_expect_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void client_open(struct client *client)
{
    nghttp2_session_callbacks *callbacks;
    *client = (struct client){.fd = dial_health()};
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_send_callback(callbacks, client_send);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_field);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_reply_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_closed);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_client_new(&client->session, callbacks, client);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(client->session, NGHTTP2_FLAG_NONE, NULL, 0);
}

static void client_close(struct client *client)
{
    nghttp2_session_del(client->session);
    close(client->fd);
}

/* Sends and reads what is possible now, and lets the server run once. */
static void turn(struct client *client)
{
    uint8_t bytes[4096];
    if (nghttp2_session_send(client->session) != 0)
        client->lost = true;
    fiber_yield();
    ssize_t len = recv(client->fd, bytes, sizeof bytes, 0);
    if (len == 0 || (len < 0 && errno != EAGAIN))
        client->lost = true;
    if (len > 0 && nghttp2_session_mem_recv(client->session, bytes, (size_t)len) < 0)
        client->lost = true;
}

static void until(struct client *client, const bool *condition)
{
    for (time_t limit = time(NULL) + 120; !*condition && !client->lost && !is_over(limit);)
        turn(client);
    cr_expect(*condition, "not in time");
}

static void until_checking(struct client *client, size_t count)
{
    for (time_t limit = time(NULL) + 120; checks_running != count && !is_over(limit);)
        turn(client);
    cr_expect_eq(checks_running, count);
}

struct request {
    const char *path, *method, *type; /* NULL: those of a valid request */
    const char *body;
    size_t body_len, sent;
    const char *extra; /* a header's value */
};

static ssize_t read_body(nghttp2_session *session, int32_t stream, uint8_t *out, size_t size, uint32_t *flags,
                         nghttp2_data_source *source, void *arg)
{
    struct request *request = source->ptr;
    (void)session, (void)stream, (void)arg;
    size_t len = request->body_len - request->sent;
    len = len < size ? len : size;
    memcpy(out, request->body + request->sent, len);
    request->sent += len;
    if (request->sent == request->body_len)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)len;
}

#define FIELD(n, v) {(uint8_t *)(n), (uint8_t *)(v), strlen(n), strlen(v), NGHTTP2_NV_FLAG_NONE}

/* The request must live until the call is closed. */
static int32_t begin(struct client *client, struct request *request, struct call *call)
{
    const nghttp2_nv head[] = {FIELD(":method", request->method ? request->method : "POST"),
                               FIELD(":scheme", "http"),
                               FIELD(":authority", "h"),
                               FIELD(":path", request->path ? request->path : CHECK),
                               FIELD("content-type", request->type ? request->type : "application/grpc"),
                               FIELD("te", "trailers"),
                               FIELD("x-extra", request->extra ? request->extra : "")};
    const nghttp2_data_provider body = {.source = {.ptr = request}, .read_callback = read_body};
    *call = (struct call){.closed = false};
    return nghttp2_submit_request(client->session, NULL, head, sizeof head / sizeof *head, &body, call);
}

#define BODY(literal) .body = (literal), .body_len = sizeof(literal) - 1
#define WHOLE_SERVER BODY("\0\0\0\0\0")
#define USER_SERVICE BODY("\0\0\0\0\x0e\x0a\x0cuser-service")
#define UNKNOWN_SERVICE BODY("\0\0\0\0\3\x0a\1x")

/* One call on a new connection. */
static struct call call_once(struct request request)
{
    struct client client;
    struct call call;
    client_open(&client);
    begin(&client, &request, &call);
    until(&client, &call.closed);
    client_close(&client);
    return call;
}

static void expect_failed(struct request request, const char *status)
{
    struct call call = call_once(request);
    cr_expect_eq(call.reset, 0);
    cr_expect_str_eq(call.http, "200");
    cr_expect_str_eq(call.type, "application/grpc");
    cr_expect_str_eq(call.status, status, "%s", call.message);
    cr_expect_str_neq(call.message, "");
    cr_expect_eq(call.body_len, 0);
}

/* --- Checks ------------------------------------------------------------------------ */

static void expect_reply(struct request request, const char *message)
{
    struct call call = call_once(request);
    cr_expect_str_eq(call.http, "200");
    cr_expect_str_eq(call.type, "application/grpc");
    cr_expect_str_eq(call.status, "0");
    cr_expect_eq(call.body_len, 7);
    cr_expect_arr_eq(call.body, message, 7);
}

static void checks(void)
{
    expect_reply((struct request){WHOLE_SERVER}, "\0\0\0\0\2\x08\1");
    expect_reply((struct request){USER_SERVICE}, "\0\0\0\0\2\x08\1");
    expect_reply((struct request){WHOLE_SERVER, .type = "application/grpc+proto"}, "\0\0\0\0\2\x08\1");
    healthy = false;
    expect_reply((struct request){WHOLE_SERVER}, "\0\0\0\0\2\x08\2");
    cr_expect_eq(checks_started, 4);
}

Test(grpc_health, check_reports_serving_or_not_serving)
{
    with_health(checks);
}

static void failures(void)
{
    expect_failed((struct request){UNKNOWN_SERVICE}, "5");
    expect_failed((struct request){BODY("\0\0\0\0\x0f\x0a\x0duser-service2")}, "5");
    expect_failed((struct request){BODY("\0\0\0\0\6\x0a\4user")}, "5");
    expect_failed((struct request){WHOLE_SERVER, .path = WATCH}, "12");
    expect_failed((struct request){WHOLE_SERVER, .path = "/"}, "12");
    expect_failed((struct request){BODY("\1\0\0\0\0")}, "12");
    expect_failed((struct request){BODY("\0\0\0\0\1\x0b")}, "13");
    expect_failed((struct request){BODY("")}, "13");
    cr_expect_eq(checks_started, 0);
}

Test(grpc_health, unknown_service_or_method_has_a_grpc_status)
{
    with_health(failures);
}

static void no_grpc(void)
{
    cr_expect_str_eq(call_once((struct request){WHOLE_SERVER, .type = "application/json"}).http, "415");
    cr_expect_str_eq(call_once((struct request){WHOLE_SERVER, .type = "application/grpcx"}).http, "415");
    cr_expect_str_eq(call_once((struct request){WHOLE_SERVER, .method = "GET"}).http, "405");
    cr_expect_eq(checks_started, 0);
}

Test(grpc_health, request_that_is_not_grpc_gets_an_http_status)
{
    with_health(no_grpc);
}

static void many_at_once(void)
{
    struct wait_queue queue = {0};
    struct request slow[3] = {{WHOLE_SERVER}, {WHOLE_SERVER}, {USER_SERVICE}}, quick = {UNKNOWN_SERVICE};
    struct call slows[3], quicks;
    struct client client;
    client_open(&client);
    gate = &queue;
    for (int i = 0; i < 3; i++)
        begin(&client, &slow[i], &slows[i]);
    until_checking(&client, 3);
    begin(&client, &quick, &quicks);
    until(&client, &quicks.closed);
    cr_expect_str_eq(quicks.status, "5");
    cr_expect_not(slows[0].closed || slows[1].closed || slows[2].closed);
    wait_queue_wake_all(&queue);
    for (int i = 0; i < 3; i++) {
        until(&client, &slows[i].closed);
        cr_expect_str_eq(slows[i].status, "0");
    }
    for (int i = 0; i < 40; i++) { /* more than there are slots */
        gate = NULL;
        slow[0].sent = 0;
        begin(&client, &slow[0], &slows[0]);
        until(&client, &slows[0].closed);
        cr_expect_str_eq(slows[0].status, "0");
    }
    client_close(&client);
}

Test(grpc_health, calls_on_one_connection_do_not_block_each_other)
{
    with_health(many_at_once);
}

/* --- Clients that reset or disconnect -------------------------------------------------- */

static void resets(void)
{
    struct wait_queue queue = {0};
    struct request requests[40], last = {WHOLE_SERVER};
    struct call calls[40], answered;
    struct client client;
    size_t refused = 0;
    client_open(&client);
    gate = &queue;
    for (int i = 0; i < 40; i++) {
        requests[i] = (struct request){WHOLE_SERVER};
        int32_t stream = begin(&client, &requests[i], &calls[i]);
        size_t before = checks_running;
        for (time_t limit = time(NULL) + 120; checks_running == before && !calls[i].closed && !is_over(limit);)
            turn(&client);
        if (!calls[i].closed)
            nghttp2_submit_rst_stream(client.session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
        until(&client, &calls[i].closed);
        refused += calls[i].reset == NGHTTP2_REFUSED_STREAM;
    }
    cr_expect_eq(checks_running, 16, "no more than the limit of concurrent calls");
    cr_expect_eq(refused, 24);
    wait_queue_wake_all(&queue);
    until_checking(&client, 0);
    gate = NULL;
    begin(&client, &last, &answered);
    until(&client, &answered.closed);
    cr_expect_str_eq(answered.status, "0");
    client_close(&client);
}

Test(grpc_health, reset_calls_count_until_their_checks_end)
{
    with_health(resets);
}

static void leaving(void)
{
    struct wait_queue queue = {0};
    struct request request = {WHOLE_SERVER};
    struct call call;
    struct client client;
    client_open(&client);
    gate = &queue;
    begin(&client, &request, &call);
    until_checking(&client, 1);
    client_close(&client);
    for (int i = 0; i < 10; i++)
        fiber_yield();
    cr_expect_eq(checks_running, 1);
    wait_queue_wake_all(&queue);
    gate = NULL;
    expect_reply((struct request){WHOLE_SERVER}, "\0\0\0\0\2\x08\1");
}

Test(grpc_health, client_may_disconnect_during_a_check)
{
    with_health(leaving);
}

/* --- Invalid clients ------------------------------------------------------------------------- */

/* Reads until the server closes the connection. */
static bool is_closed_by_server(int fd)
{
    char bytes[4096];
    for (time_t limit = time(NULL) + 120; !is_over(limit); fiber_yield()) {
        ssize_t len = recv(fd, bytes, sizeof bytes, 0);
        if (len == 0 || (len < 0 && errno != EAGAIN))
            return true;
    }
    return false;
}

#define SEND(fd, literal) send_bytes(fd, literal, sizeof(literal) - 1)

static void garbage(void)
{
    for (int kind = 0; kind < 5; kind++) {
        int fd = dial_health();
        if (kind == 0)
            SEND(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        if (kind == 1)
            SEND(fd, "\0\1\2\3\4\5\6\7 and so on and on and on");
        if (kind == 2)
            SEND(fd, PREFACE "no settings, but many other words");
        if (kind == 3)
            SEND(fd, PREFACE NO_SETTINGS "\xff\xff\xff\1\4\0\0\0\1"); /* a head of 16 MB */
        if (kind == 4)
            SEND(fd, PREFACE NO_SETTINGS "\0\0\3\1\5\0\0\0\1\xff\xff\xff"); /* no HPACK */
        cr_expect(is_closed_by_server(fd), "%d", kind);
        close(fd);
    }
    expect_reply((struct request){WHOLE_SERVER}, "\0\0\0\0\2\x08\1");
}

Test(grpc_health, connection_without_http_2_is_closed)
{
    with_health(garbage);
}

static void large(void)
{
    static char body[200000], value[9000];
    memset(value, 'v', sizeof value - 1);
    struct call call = call_once((struct request){.body = body, .body_len = sizeof body});
    cr_expect_eq(call.reset, NGHTTP2_ENHANCE_YOUR_CALM);
    call = call_once((struct request){.body = body, .body_len = 513});
    cr_expect_eq(call.reset, NGHTTP2_ENHANCE_YOUR_CALM);
    call = call_once((struct request){WHOLE_SERVER, .extra = value});
    cr_expect_eq(call.reset, NGHTTP2_ENHANCE_YOUR_CALM);
    expect_reply((struct request){WHOLE_SERVER}, "\0\0\0\0\2\x08\1");
}

Test(grpc_health, too_large_body_or_head_ends_its_call)
{
    with_health(large);
}

static void crowd(void)
{
    int fds[65];
    char byte;
    clock_make_virtual(1000); /* so that no connection is closed for its silence */
    for (int i = 0; i < 65; i++)
        fds[i] = dial_health();
    cr_expect(is_closed_by_server(fds[64]));
    cr_expect_eq(recv(fds[0], &byte, 1, MSG_PEEK), 1, "the server sends its settings");
    for (int i = 0; i < 65; i++)
        close(fds[i]);
    for (int i = 0; i < 10; i++)
        fiber_yield();
    expect_reply((struct request){WHOLE_SERVER}, "\0\0\0\0\2\x08\1");
    clock_make_real();
}

Test(grpc_health, client_over_the_limit_is_closed_at_once)
{
    with_health(crowd);
}

static void some_turns(void)
{
    for (int i = 0; i < 20; i++)
        fiber_yield();
}

static bool is_open(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK) == 1 || errno == EAGAIN;
}

static void silence(void)
{
    clock_make_virtual(1000);
    int silent = dial_health(), slow = dial_health();
    struct client idle;
    struct request request = {WHOLE_SERVER};
    struct call call;
    client_open(&idle);
    begin(&idle, &request, &call);
    until(&idle, &call.closed);
    SEND(slow, PREFACE NO_SETTINGS);
    for (int second = 1; second < 10; second++) {
        clock_advance_to(1000 + second * 1000);
        SEND(slow, "\0\0\x08\6\0\0\0\0\0pingpong");
        some_turns();
    }
    cr_expect(is_open(silent) && is_open(slow));
    clock_advance_to(1000 + 10000);
    cr_expect(is_closed_by_server(silent) && is_closed_by_server(slow));
    clock_advance_to(1000 + 74000);
    some_turns();
    cr_expect_not(idle.got_goaway);
    clock_advance_to(1000 + 75000);
    until(&idle, &idle.got_goaway);
    client_close(&idle);
    close(silent);
    close(slow);
    clock_make_real();
}

Test(grpc_health, client_without_a_complete_request_is_closed)
{
    with_health(silence);
}

/* Sends pings and reads no reply: true when the kernel accepts no more bytes for a while. */
static bool server_stopped_reading(int fd)
{
    static char pings[17 * 500];
    for (size_t i = 0; i < sizeof pings; i += 17)
        memcpy(pings + i, "\0\0\x08\6\0\0\0\0\0pingpong", 17);
    int refused = 0;
    size_t at = 0;
    for (time_t limit = time(NULL) + 20; refused < 1000 && !is_over(limit); fiber_yield()) {
        ssize_t sent = send(fd, pings + at, sizeof pings - at, MSG_NOSIGNAL);
        refused = sent > 0 ? 0 : refused + 1;
        at = sent > 0 ? (at + (size_t)sent) % sizeof pings : at;
    }
    return refused == 1000 && (errno == EAGAIN);
}

static void greed(void)
{
    clock_make_virtual(1000);
    int fd = dial_health();
    SEND(fd, PREFACE NO_SETTINGS);
    cr_expect(server_stopped_reading(fd));
    expect_reply((struct request){WHOLE_SERVER}, "\0\0\0\0\2\x08\1");
    clock_advance_to(1000 + 10000);
    cr_expect(is_closed_by_server(fd));
    close(fd);
    clock_make_real();
}

Test(grpc_health, client_that_does_not_read_is_closed)
{
    with_health(greed);
}

/* --- Create and close ------------------------------------------------------------------------------- */

static void close_in_fiber(void *arg)
{
    bool *closed = arg;
    grpc_health_close(health);
    health = NULL;
    *closed = true;
}

static void closing(void)
{
    struct wait_queue queue = {0};
    struct request request = {WHOLE_SERVER};
    struct call call;
    struct client client;
    bool closed = false;
    client_open(&client);
    gate = &queue;
    begin(&client, &request, &call);
    until_checking(&client, 1);
    healthy = false;
    fiber_start(close_in_fiber, &closed);
    until(&client, &call.closed);
    until(&client, &client.got_goaway);
    until(&client, &closed);
    cr_expect_str_eq(call.status, "0");
    cr_expect_arr_eq(call.body, "\0\0\0\0\2\x08\2", 7);
    client_close(&client);
    cr_expect_eq(checks_running, 0);
}

Test(grpc_health, close_ends_checks_and_sends_goaway)
{
    with_health(closing);
}

static void one_port(void)
{
    struct err err = ERR_INIT;
    char port[16];
    const struct grpc_health_config config = {.address = "127.0.0.1", .port = health_port, .service = "x",
                                              .check = check_health};
    cr_expect_null(grpc_health_new(&config, &err));
    cr_expect_eq(err.code, ERR_CONFLICT);
    snprintf(port, sizeof port, "%u", health_port);
    cr_expect(strstr(err.text, port), "%s", err.text);
}

Test(grpc_health, error_names_the_grpc_port_in_use)
{
    with_health(one_port);
}
