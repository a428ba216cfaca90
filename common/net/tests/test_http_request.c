/* http_server: which requests it rejects, and how it reads bodies. */
#include "net/tests/http_fixture.h"

TestSuite(http_request, .timeout = 300);

/* --- Rejected requests ---------------------------------------------------------------- */

static void bad_heads(void)
{
    static const char *const requests[] = {
        "GET /live HTTP/1.1\r\n\r\n",
        "GET /live HTTP/1.1\r\n" HOST HOST "\r\n",
        "GET /li ve HTTP/1.1\r\n" HOST "\r\n",
        "GET /liv\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n",
        "GET live HTTP/1.1\r\n" HOST "\r\n",
        "GET /show/%zz HTTP/1.1\r\n" HOST "\r\n",
        "GET /show/1?a=%4 HTTP/1.1\r\n" HOST "\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\nabc",
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        cr_expect_eq(status_of(requests[i]), 400, "%s -> %s", requests[i], reply_text);
        cr_expect(reply_has("\"status\":400") && reply_has("X-Request-Id"), "%s -> %s", requests[i], reply_text);
    }
    cr_expect_eq(status_of("GET /live HTTP/1.0\r\n\r\n"), 200);
    cr_expect_eq(status_of("GET http://h/live HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_expect_eq(status_of("GET /show/1%00x HTTP/1.1\r\n" HOST "\r\n"), 200);
    cr_expect(reply_has("param=3:1"));
    close_clean();
}

Test(http_request, malformed_head_is_400)
{
    with_server(bad_heads, 1);
}

/* A C string ends at a NUL: the rest of the target would be lost unnoticed. */
static void targets_with_a_nul(void)
{
    static const char *const requests[] = {
        "GET /live~ HTTP/1.1\r\n" HOST "\r\n",
        "GET /show/1~2 HTTP/1.1\r\n" HOST "\r\n",
        "GET /show/1?a~=2 HTTP/1.1\r\n" HOST "\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        char bytes[128];
        size_t len = strlen(requests[i]);
        memcpy(bytes, requests[i], len);
        *(char *)memchr(bytes, '~', len) = '\0';
        int fd = connect_to_server();
        send_bytes(fd, bytes, len);
        read_reply(fd);
        close(fd);
        cr_expect(reply_has("HTTP/1.1 400") && reply_has("\"status\":400"), "%s -> %s", requests[i], reply_text);
    }
    cr_expect_eq(status_of("GET /live HTTP/1.1\r\n" HOST "\r\n"), 200);
    close_clean();
}

Test(http_request, nul_in_the_target_is_400)
{
    with_server(targets_with_a_nul, 1);
}

static void blanks(void)
{
    cr_expect_eq(status_of("POST /echo HTTP/1.1\r\n" HOST "X-Request-Id:  a b \t \r\nContent-Length: 0\r\n\r\n"), 201);
    cr_expect(reply_has("X-Request-Id: a b\r\n"), "%s", reply_text);
    cr_expect_eq(status_of("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 201);
    cr_expect_eq(status_of("GET /header HTTP/1.1\r\nX-None:\r\n" HOST "X-Key:k  \r\n\r\n"), 200);
    cr_expect(reply_has("[k] 1"), "%s", reply_text);
    cr_expect_eq(status_of("GET /header HTTP/1.1\r\n" HOST "X-Key: k\r\nx-key: l\r\n\r\n"), 200);
    cr_expect(reply_has("[k] 2"), "%s", reply_text);
    close_clean();
}

Test(http_request, blanks_around_a_header_value_are_trimmed)
{
    with_server(blanks, 1);
}

static void junk(void)
{
    static const char *const requests[] = {"\x16\x03\x01 junk\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                                           "POST /echo HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\n",
                                           "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n"};
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        cr_expect_neq(status_of(requests[i]) / 100, 2, "%s", requests[i]);
    char *large = malloc(40000);
    memset(large, 'a', 39999);
    large[39999] = '\0';
    memcpy(large, "GET /", 5);
    cr_expect_eq(status_of(large), 414);
    memcpy(large, "GET / HTTP/1.1\r\nX: ", 19);
    cr_expect_eq(status_of(large), 431);
    free(large);
    cr_expect_eq(status_of("GET /live HTTP/1.1\r\n" HOST "\r\n"), 200);
    close_clean();
}

Test(http_request, junk_does_not_disturb_the_server)
{
    with_server(junk, 1);
}

/* --- Bodies ------------------------------------------------------------------------------ */

/* POST /echo with `len` bytes, in chunks of 1000 bytes or with Content-Length. */
static int post(size_t len, bool chunked, const char *more)
{
    char *text = malloc(len * 2 + 1000), *end = text;
    end += sprintf(end, "POST /echo HTTP/1.1\r\n" HOST "%s", more);
    if (!chunked)
        end += sprintf(end, "Content-Length: %zu\r\n\r\n", len);
    else
        end += sprintf(end, "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t done = 0; done < len;) {
        size_t piece = len - done < 1000 || !chunked ? len - done : 1000;
        end += chunked ? sprintf(end, "%zx\r\n", piece) : 0;
        memset(end, 'b', piece);
        end += piece;
        end += chunked ? sprintf(end, "\r\n") : 0;
        done += piece;
    }
    strcpy(end, chunked ? "0\r\n\r\n" : "");
    int status = status_of(text);
    free(text);
    return status;
}

static void bodies(void)
{
    for (int chunked = 0; chunked <= 1; chunked++) {
        cr_expect_eq(post(3, chunked, ""), 201);
        cr_expect(reply_has("\r\n\r\nbbb"));
        cr_expect_eq(post(HTTP_BODY_MAX, chunked, ""), 201);
        cr_expect(reply_has("\r\nContent-Length: 65536\r\n"));
        cr_expect_eq(post(HTTP_BODY_MAX + 1, chunked, ""), 413);
        cr_expect_eq(post(1000000, chunked, ""), 413);
        cr_expect(reply_has("\"status\":413"));
    }
    cr_expect_eq(post(0, false, ""), 201);
    close_clean();
}

Test(http_request, body_may_have_64_kib_chunked_or_not)
{
    with_server(bodies, 1);
}

static void expectations(void)
{
    int fd = connect_to_server();
    send_text(fd, "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    read_reply(fd);
    cr_expect(reply_has("100 Continue"));
    send_text(fd, "abc");
    read_reply(fd);
    cr_expect(reply_has("\r\n\r\nabc"));
    close(fd);
    int status = status_of("POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 65537\r\n\r\n");
    cr_expect_eq(status, 413);
    close_clean();
}

Test(http_request, expect_100_gets_continue_unless_body_is_too_large)
{
    with_server(expectations, 1);
}

static void json_types(void)
{
    static const struct {
        const char *type;
        bool is_json;
    } types[] = {{"application/json", true},  {"Application/JSON; charset=utf-8", true}, {"application/json ;a", true},
                 {"application/jsonx", false}, {"text/plain", false},                     {"", false}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char request[200];
        snprintf(request, sizeof request, "POST /show HTTP/1.1\r\n" HOST "Content-Type: %s\r\n\r\n", types[i].type);
        status_of(request);
        cr_expect_eq(reply_has("json=1"), types[i].is_json, "%s", types[i].type);
    }
    close_clean();
}

Test(http_request, json_content_type_may_have_parameters)
{
    with_server(json_types, 1);
}
