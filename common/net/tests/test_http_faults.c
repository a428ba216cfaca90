/* http_client: the errors of a server and of a connection, and which calls are repeated. */
#include "net/tests/client_fixture.h"

TestSuite(http_faults, .init = setup, .timeout = 300);

/* --- Failures, each with its code ---------------------------------------------------- */

CLIENT_TEST(http_faults, refused_connection_is_unreachable_and_names_host)
{
    struct http_call call = call_of("/ok");
    int fd = bind_free_port(AF_INET, &call.port); /* bound, not listening */
    cr_expect_eq(make(&call), ERR_UNREACHABLE);
    char expected[100];
    snprintf(expected, sizeof expected, "GET 127.0.0.1:%d: Connection refused", call.port);
    cr_expect_str_eq(err.text, expected);
    close(fd);
}

CLIENT_TEST(http_faults, connection_closed_within_a_reply_is_broken)
{
    const char *const paths[] = {"/close",       "/reset",    "/reset-body", "/cut-status", "/cut-head",
                                 "/cut-interim", "/cut-body", "/cut-chunk"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        EXPECT_FAILS(paths[i], ERR_BROKEN);
    cr_expect_eq(requests, 8); /* no request was sent twice */
}

CLIENT_TEST(http_faults, reset_is_reported_as_connection_reset)
{
    char expected[100];
    snprintf(expected, sizeof expected, "GET 127.0.0.1:%d: Connection reset by peer", call_of("/").port);
    EXPECT_FAILS("/reset", ERR_BROKEN);
    cr_expect_str_eq(err.text, expected);
    EXPECT_FAILS("/reset-body", ERR_BROKEN);
    cr_expect_str_eq(err.text, expected);
}

CLIENT_TEST(http_faults, reply_that_is_not_http_is_a_protocol_error)
{
    const char *const paths[] = {"/ssh", "/http09", "/binary", "/bad-length"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        EXPECT_FAILS(paths[i], ERR_PROTOCOL);
        cr_expect(strstr(err.text, ": the reply is not valid HTTP"), "%s: %s", paths[i], err.text);
    }
}

CLIENT_TEST(http_faults, reply_over_its_cap_is_too_large)
{
    EXPECT_FAILS("/huge-body", ERR_TOO_LARGE);
    EXPECT_FAILS("/huge-head", ERR_TOO_LARGE);
    EXPECT_FAILS("/huge-line", ERR_TOO_LARGE);
    EXPECT_FAILS("/promises-much", ERR_TOO_LARGE); /* announces a body that never arrives */
    cr_expect_leq(response.head.len, 32 * 1024);

    struct http_call call = call_of("/ok");
    call.body_cap = strlen("connection 4");
    cr_expect_eq(make(&call), ERR_NONE);
    call.body_cap--;
    cr_expect_eq(make(&call), ERR_TOO_LARGE);
}

CLIENT_TEST(http_faults, deadline_ends_a_call_in_every_phase)
{
    const char *const paths[] = {"/hang", "/hang-body", "/drip"};
    for (size_t i = 0; i < 3; i++) {
        struct http_call call = call_of(paths[i]);
        call.deadline = deadline_in(50);
        cr_expect_eq(make(&call), ERR_TIMEOUT, "%s: %s", paths[i], err.text);
        cr_expect_geq(clock_ms(), call.deadline);
    }
    struct http_call call = call_of("/ok");
    call.deadline = clock_ms();
    cr_expect_eq(make(&call), ERR_TIMEOUT);
    cr_expect_eq(get("/ok"), ERR_NONE); /* the client still works */
}

CLIENT_TEST(http_faults, server_that_does_not_accept_times_out)
{
    struct http_call call = call_of("/ok");
    int fd = bind_free_port(AF_INET, &call.port);
    listen(fd, 1);
    call.deadline = deadline_in(50);
    cr_expect_eq(make(&call), ERR_TIMEOUT);
    close(fd);
}

/* --- Connections that the server closed while idle ------------------------------------------- */

CLIENT_TEST(http_faults, get_is_repeated_on_a_new_connection)
{
    cr_expect_eq(get("/ok"), ERR_NONE);
    cr_expect_eq(get("/stale"), ERR_NONE, "%s", err.text);
    EXPECT_BODY("connection 2");
    cr_expect_eq(requests, 3);
}

CLIENT_TEST(http_faults, repeated_get_goes_to_the_same_server)
{
    char expected[100];
    struct http_call there = call_of("/ok");
    there.port = script_server_start(AF_INET);
    cr_expect_eq(make(&there), ERR_NONE);
    cr_expect_eq(get("/ok"), ERR_NONE); /* the same curl handle, for another server */
    there.path = "/stale/echo";
    cr_expect_eq(make(&there), ERR_NONE, "%s", err.text);
    snprintf(expected, sizeof expected, "GET /stale/echo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n", there.port);
    EXPECT_IN_BODY(expected);
    cr_expect_eq(requests, 4);
}

CLIENT_TEST(http_faults, post_is_never_sent_twice)
{
    cr_expect_eq(get("/ok"), ERR_NONE);
    struct http_call call = call_of("/stale");
    call.method = "POST";
    call.body = "{}";
    call.body_len = 2;
    cr_expect_eq(make(&call), ERR_NONE, "%s", err.text);
    cr_expect_eq(requests, 2);
    call.path = "/close";
    cr_expect_eq(make(&call), ERR_BROKEN);
    cr_expect_eq(requests, 3);
}
