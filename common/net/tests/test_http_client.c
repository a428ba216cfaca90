/* http_client: whole replies, requests, streams and concurrent calls. Failures are in test_http_faults.c. */
#include "loop/sync.h"
#include "net/tests/client_fixture.h"

TestSuite(http_client, .init = setup, .timeout = 300);

/* --- Whole replies --------------------------------------------------------------- */

CLIENT_TEST(http_client, reply_has_status_body_and_local_address)
{
    cr_expect_eq(get("/ok"), ERR_NONE, "%s", err.text);
    cr_expect_eq(response.status, 200);
    cr_expect_str_eq(response.local_address, "127.0.0.1");
    EXPECT_BODY("connection 1");
    cr_expect_eq(get("/empty"), ERR_NONE);
    cr_expect_eq(response.status, 204);
    EXPECT_BODY("");
}

CLIENT_TEST(http_client, connection_is_kept_and_reused)
{
    for (int i = 0; i < 5; i++) {
        cr_expect_eq(get("/ok"), ERR_NONE);
        EXPECT_BODY("connection 1");
    }
}

CLIENT_TEST(http_client, body_is_read_chunked_bytewise_or_until_close)
{
    cr_expect_eq(get("/chunked"), ERR_NONE);
    EXPECT_BODY("abcde");
    cr_expect_eq(get("/trickle"), ERR_NONE);
    EXPECT_BODY("drips");
    cr_expect_eq(get("/until-close"), ERR_NONE);
    EXPECT_BODY("all of it");
}

CLIENT_TEST(http_client, header_is_found_in_any_case_and_trimmed)
{
    char value[20];
    cr_expect_eq(get("/headers"), ERR_NONE);
    cr_expect(http_response_header(&response, "x-plain", value, sizeof value));
    cr_expect_str_eq(value, "two words");
    cr_expect(http_response_header(&response, "X-Case", value, sizeof value));
    cr_expect_str_eq(value, "1");
    cr_expect(http_response_header(&response, "X-Empty", value, sizeof value));
    cr_expect_str_eq(value, "");
    cr_expect_not(http_response_header(&response, "X-Pla", value, sizeof value));
    cr_expect(http_response_header(&response, "X-Plain", value, 4));
    cr_expect_str_eq(value, "two");
}

CLIENT_TEST(http_client, headers_of_interim_reply_and_trailer_are_ignored)
{
    char value[20];
    cr_expect_eq(get("/interim"), ERR_NONE);
    cr_expect_eq(response.status, 200);
    cr_expect_not(http_response_header(&response, "X-Early", value, sizeof value));
    cr_expect_eq(get("/chunked"), ERR_NONE);
    cr_expect_not(http_response_header(&response, "X-After", value, sizeof value));
}

CLIENT_TEST(http_client, redirect_is_not_followed)
{
    cr_expect_eq(get("/redirect"), ERR_NONE);
    cr_expect_eq(response.status, 302);
    cr_expect_eq(requests, 1);
}

/* --- Requests ---------------------------------------------------------------------- */

CLIENT_TEST(http_client, get_sends_path_host_and_headers_unchanged)
{
    static const char *const headers[] = {"X-Request-Id: abc", "X-Other: 1", NULL};
    char expected[100];
    struct http_call call = call_of("/echo");
    call.headers = headers;
    cr_expect_eq(make(&call), ERR_NONE);
    snprintf(expected, sizeof expected, "GET /echo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n", port);
    EXPECT_IN_BODY(expected);
    EXPECT_IN_BODY("\r\nX-Request-Id: abc\r\nX-Other: 1\r\n\r\n");

    cr_expect_eq(get("/echo/../b%2F?x=1"), ERR_NONE);
    EXPECT_IN_BODY("GET /echo/../b%2F?x=1 HTTP/1.1\r\n");
    cr_expect_null(strstr(buf_text(&response.body), "X-Other"));
}

CLIENT_TEST(http_client, body_has_its_length_and_no_added_content_type)
{
    struct http_call call = call_of("/echo");
    call.method = "POST";
    call.body = "{\"a\":\0001}";
    call.body_len = 8;
    cr_expect_eq(make(&call), ERR_NONE, "%s", err.text);
    EXPECT_IN_BODY("POST /echo HTTP/1.1\r\n");
    EXPECT_IN_BODY("\r\nContent-Length: 8\r\n");
    cr_expect_null(strstr(buf_text(&response.body), "Content-Type"));

    static const char *const headers[] = {"Content-Type: application/json", NULL};
    call.headers = headers;
    cr_expect_eq(make(&call), ERR_NONE);
    EXPECT_IN_BODY("\r\nContent-Type: application/json\r\n");
}

CLIENT_TEST(http_client, long_body_does_not_wait_for_100_continue)
{
    static char body[2 * 1024 * 1024];
    memset(body, 'x', sizeof body);
    struct http_call call = call_of("/echo");
    call.method = "PUT";
    call.body = body;
    call.body_len = sizeof body;
    cr_expect_eq(make(&call), ERR_NONE, "%s", err.text);
    EXPECT_IN_BODY("\r\nContent-Length: 2097152\r\n");
    cr_expect_null(strstr(buf_text(&response.body), "Expect"));
}

CLIENT_TEST(http_client, method_does_not_affect_the_next_call)
{
    const char *const methods[] = {"PUT", "DELETE", "HEAD", "PATCH", NULL};
    const char *const lines[] = {"PUT /echo HTTP/1.1", "DELETE /echo HTTP/1.1", "", "PATCH /echo HTTP/1.1", "GET /echo"};
    for (int i = 0; i < 5; i++) {
        struct http_call call = call_of("/echo");
        call.method = methods[i];
        cr_expect_eq(make(&call), ERR_NONE, "%s", err.text);
        EXPECT_IN_BODY(lines[i]);
        bool empty_body = i == 0 || i == 3;
        cr_expect_eq(strstr(buf_text(&response.body), "Content-Length: 0") != NULL, empty_body);
    }
}

CLIENT_TEST(http_client, name_is_resolved_and_sent_as_host)
{
    char expected[100];
    struct http_call call = call_of("/echo");
    call.host = "localhost";
    cr_expect_eq(make(&call), ERR_NONE, "%s", err.text);
    snprintf(expected, sizeof expected, "\r\nHost: localhost:%d\r\n", port);
    EXPECT_IN_BODY(expected);
    cr_expect_str_eq(response.local_address, "127.0.0.1");

    call.host = "no-such-host.invalid";
    cr_expect_eq(make(&call), ERR_UNREACHABLE, "%s", err.text);
}

CLIENT_TEST(http_client, ipv6_address_needs_no_brackets)
{
    char expected[100];
    struct http_call call = call_of("/echo");
    call.host = "::1";
    call.port = script_server_start(AF_INET6);
    if (!call.port)
        return; /* no IPv6 on this machine */
    cr_expect_eq(make(&call), ERR_NONE, "%s", err.text);
    snprintf(expected, sizeof expected, "\r\nHost: [::1]:%d\r\n", call.port);
    EXPECT_IN_BODY(expected);
    cr_expect_str_eq(response.local_address, "::1");
}

CLIENT_TEST(http_client, proxy_in_the_environment_is_ignored)
{
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    cr_expect_eq(get("/ok"), ERR_NONE, "%s", err.text);
}

CLIENT_TEST(http_client, invalid_path_or_headers_are_not_sent)
{
    EXPECT_FAILS("/a b", ERR_INVALID);
    EXPECT_FAILS("/a\r\nX: 1", ERR_INVALID);
    EXPECT_FAILS("/\x7f", ERR_INVALID);
    EXPECT_FAILS("/caf\xc3\xa9", ERR_INVALID);
    EXPECT_FAILS("/a#b", ERR_INVALID);
    EXPECT_FAILS("a", ERR_INVALID);
    EXPECT_FAILS("", ERR_INVALID);
    static char path[5000] = "/";
    memset(path + 1, 'x', sizeof path - 2);
    EXPECT_FAILS(path, ERR_INVALID);
    const char *headers[21];
    for (int i = 0; i < 20; i++)
        headers[i] = "X: 1";
    headers[20] = NULL;
    struct http_call call = call_of("/ok");
    call.headers = headers;
    cr_expect_eq(make(&call), ERR_INVALID);
    cr_expect_eq(requests, 0);
}

/* --- Streaming -------------------------------------------------------------------------- */

static bool collect(void *arg, const char *bytes, size_t len)
{
    return buf_add(arg, bytes, len);
}

CLIENT_TEST(http_client, stream_is_delivered_in_pieces_up_to_its_cap)
{
    struct buf pieces = BUF_INIT(1000);
    struct http_call call = call_of("/chunked");
    call.on_data = collect;
    call.on_data_arg = &pieces;
    cr_expect_eq(make(&call), ERR_NONE);
    cr_expect_str_eq(buf_text(&pieces), "abcde");
    EXPECT_BODY("");

    call.path = "/huge-body";
    cr_expect_eq(make(&call), ERR_CANCELLED);
    call.body_cap = 3;
    cr_expect_eq(make(&call), ERR_TOO_LARGE);
    buf_close(&pieces);
}

/* A reader of a server that sends without a pause. On virtual time, each piece of up to 16 KiB takes this long. */
static struct {
    int64_t piece_ms;
    size_t bytes, most_in_a_turn;
    bool over;
} flood;

static bool read_piece(void *arg, const char *bytes, size_t len)
{
    (void)arg, (void)bytes;
    clock_advance_to(clock_ms() + flood.piece_ms);
    flood.bytes += len;
    return flood.bytes < 4 * 1024 * 1024;
}

static enum err_code read_flood(int64_t deadline)
{
    struct http_call call = call_of("/flood");
    call.on_data = read_piece;
    call.body_cap = SIZE_MAX;
    call.deadline = deadline;
    flood.bytes = 0;
    return make(&call);
}

static void count_turns(void *arg)
{
    (void)arg;
    while (!flood.over) {
        size_t before = flood.bytes;
        fiber_yield();
        if (flood.bytes - before > flood.most_in_a_turn)
            flood.most_in_a_turn = flood.bytes - before;
    }
}

/* Fails if pause_stream() is not called: then curl reads megabytes before other fibers run. */
CLIENT_TEST(http_client, fast_stream_lets_other_fibers_run_every_64_kib)
{
    cr_expect_eq(fiber_start(count_turns, NULL), 0);
    cr_expect_eq(read_flood(deadline_in(20000)), ERR_CANCELLED);
    flood.over = true;
    cr_expect_geq(flood.bytes, 4 * 1024 * 1024);
    cr_expect_leq(flood.most_in_a_turn, 64 * 1024);
}

/* At 4 MiB a second the whole takes 1 s, and its deadline moves 4 s. */
CLIENT_TEST(http_client, fast_stream_is_read_past_its_deadline)
{
    clock_make_virtual(1000);
    flood.piece_ms = 4;
    cr_expect_eq(read_flood(deadline_in(500)), ERR_CANCELLED, "%s", err.text);
    cr_expect_geq(flood.bytes, 4 * 1024 * 1024);
}

CLIENT_TEST(http_client, slow_stream_ends_at_its_deadline_also_while_paused)
{
    clock_make_virtual(1000);
    flood.piece_ms = 40;
    for (int i = 1; i <= 5; i++)
        cr_expect_eq(read_flood(deadline_in(i)), ERR_TIMEOUT);
}

/* --- Concurrent calls --------------------------------------------------------------------------- */

static int finished;

static void call_once(void *arg)
{
    struct http_response own = HTTP_RESPONSE_INIT;
    struct err own_err = ERR_INIT;
    struct http_call call = call_of(arg);
    http_call(client, &call, &own, &own_err);
    cr_expect_eq(own.status, 200, "%s", own_err.text);
    finished++;
    http_response_close(&own);
}

static void wait_for_requests(int count)
{
    for (int i = 0; requests < count && i < 10000; i++)
        fiber_sleep(1);
    cr_expect_eq(requests, count);
}

CLIENT_TEST(http_client, hundred_calls_run_concurrently)
{
    struct group group = {0};
    for (int i = 0; i < 100; i++)
        group_go(&group, call_once, "/hold");
    wait_for_requests(100);
    cr_expect_eq(connections, 100);
    cr_expect_eq(finished, 0);
    for (int i = 0; i < 100; i++)
        sem_post(&holds);
    group_join(&group);
    cr_expect_eq(finished, 100);

    for (int i = 0; i < 100; i++)
        group_go(&group, call_once, "/ok");
    group_join(&group);
    cr_expect_eq(finished, 200);
    cr_expect_eq(connections, 100); /* all connections were kept */
}

CLIENT_TEST(http_client, short_calls_do_not_wait_for_a_long_poll)
{
    struct group group = {0};
    group_go(&group, call_once, "/hold");
    wait_for_requests(1);
    for (int i = 0; i < 50; i++)
        cr_expect_eq(get("/ok"), ERR_NONE);
    cr_expect_eq(finished, 0);
    sem_post(&holds);
    group_join(&group);
    cr_expect_eq(finished, 1);
}

static void call_and_be_cancelled(void *arg)
{
    (void)arg;
    EXPECT_FAILS("/hang", ERR_CANCELLED);
    finished++;
}

CLIENT_TEST(http_client, waiting_call_can_be_cancelled)
{
    struct group group = {0};
    group_go(&group, call_and_be_cancelled, NULL);
    wait_for_requests(1);
    group_cancel(&group);
    group_join(&group);
    cr_expect_eq(finished, 1);
    cr_expect_eq(get("/ok"), ERR_NONE);
}
