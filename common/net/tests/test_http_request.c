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

/* '~' stands for a NUL. */
static int send_with_nuls(int fd, const char *request)
{
    char bytes[512];
    size_t len = strlen(request);
    memcpy(bytes, request, len);
    for (size_t i = 0; i < len; i++)
        if (bytes[i] == '~')
            bytes[i] = '\0';
    send_bytes(fd, bytes, len);
    reply_text[0] = '\0';
    read_reply(fd);
    return strncmp(reply_text, "HTTP/1.1 ", 9) == 0 ? atoi(reply_text + 9) : 0;
}

/* A client may send a head as the first of a connection, or after another request. */
static void expect_400_and_close(const char *request)
{
    for (int before = 0; before < 2; before++) {
        int fd = connect_to_server();
        if (before)
            cr_expect_eq(send_with_nuls(fd, "GET /live HTTP/1.1\r\n" HOST "\r\n"), 200);
        cr_expect_eq(send_with_nuls(fd, request), 400, "%s -> %s", request, reply_text);
        cr_expect(reply_has("\"status\":400") && reply_has("X-Request-Id") && reply_has("Connection: close"), "%s -> %s",
                  request, reply_text);
        cr_expect(is_closed(fd), "%s", request);
        close(fd);
    }
}

#define GET_LIVE "GET /live HTTP/1.1\r\n"

static void heads_to_reject(void)
{
    static const char *const requests[] = {
        GET_LIVE HOST "Content-Length : 0\r\n\r\n", GET_LIVE HOST "Content-Length\t: 0\r\n\r\n",
        GET_LIVE HOST ": x\r\n\r\n",                GET_LIVE ": x\r\n" HOST "\r\n",
        GET_LIVE HOST "X Y: z\r\n\r\n",             GET_LIVE HOST "X(: z\r\n\r\n",
        GET_LIVE HOST "X\xc3\xa9: z\r\n\r\n",       GET_LIVE HOST "X\x01: z\r\n\r\n",
        GET_LIVE HOST "X: a\rb\r\n\r\n",            GET_LIVE HOST "X: a\r\r\n\r\n",
        GET_LIVE HOST "X: a\rY: b\r\n\r\n",         GET_LIVE HOST "X: a\x01\r\n\r\n",
        GET_LIVE HOST "X: a\x7f\r\n\r\n",           GET_LIVE HOST "X: a~b\r\n\r\n",
        GET_LIVE HOST "X: ~\r\nY: b\r\n\r\n",       GET_LIVE HOST "X: a~b\r\nY: b\r\n\r\n",
        GET_LIVE HOST "X: a\r\n b\r\n\r\n",         GET_LIVE HOST "X: a\r\n\tb\r\nY: b\r\n\r\n",
        GET_LIVE HOST "Content-Length: 0\r\n 1\r\n\r\n",
        GET_LIVE " X: a\r\n" HOST "\r\n",           GET_LIVE " \tX: a\r\n" HOST "\r\n",
        GET_LIVE "Host: a b/c\r\n\r\n",             GET_LIVE "Host: a/c\r\n\r\n",
        GET_LIVE "Host: a@b\r\n\r\n",               GET_LIVE "Host: a:b\r\n\r\n",
        GET_LIVE "Host: a:80:80\r\n\r\n",           GET_LIVE "Host: ::1\r\n\r\n",
        GET_LIVE "Host: [::1\r\n\r\n",              GET_LIVE "Host: []\r\n\r\n",
        GET_LIVE "Host: [::1]x\r\n\r\n",            GET_LIVE "Host: a,b\r\nHost: a\r\n\r\n",
        GET_LIVE "Host: caf\xc3\xa9\r\n\r\n",       GET_LIVE HOST HOST "\r\n",
        GET_LIVE "Host: :80\r\n\r\n",              GET_LIVE "Host: a:65536\r\n\r\n",
        GET_LIVE "Host: a%zz\r\n\r\n",             GET_LIVE "Host: a%4\r\n\r\n",
        GET_LIVE "Host: [::::]\r\n\r\n",           GET_LIVE "Host: [...]\r\n\r\n",
        GET_LIVE "Host: [1.2.3.4]\r\n\r\n",        GET_LIVE "Host: [fe80::1%]\r\n\r\n",
        GET_LIVE "\r\n",                             "GET  /live HTTP/1.1\r\n" HOST "\r\n",
        "GET /live  HTTP/1.1\r\n" HOST "\r\n",       "G@T /live HTTP/1.1\r\n" HOST "\r\n",
        "G\x01T /live HTTP/1.1\r\n" HOST "\r\n",    "GET http://a b/ HTTP/1.1\r\n" HOST "\r\n",
        "GET http:///live HTTP/1.1\r\n" HOST "\r\n", "GET http://u@h/live HTTP/1.1\r\n" HOST "\r\n",
        "GET * HTTP/1.1\r\n" HOST "\r\n",            "OPTIONS live HTTP/1.1\r\n" HOST "\r\n",
        "GET /live#x~ HTTP/1.1\r\n" HOST "\r\n",  "GET /live?a#b HTTP/1.1\r\n" HOST "\r\n",
        "GET http://:80/live HTTP/1.1\r\n" HOST "\r\n", "GET http://h#x HTTP/1.1\r\n" HOST "\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
        "\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip \r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked \r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked \r\nTransfer-Encoding: chunked \r\n"
        "\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        expect_400_and_close(requests[i]);
    close_clean();
}

Test(http_request, head_that_rfc_9112_rejects_is_400_and_closes)
{
    with_server(heads_to_reject, 1);
}

/* libmicrohttpd would answer these by itself, some of them with two status lines. */
static void first_heads_to_reject(void)
{
    static const struct {
        const char *head, *reason;
    } cases[] = {
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: +2\r\n\r\nab", "Content-Length must be"},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\nab", "Content-Length must be"},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0x2\r\n\r\nab", "Content-Length must be"},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2, 2\r\n\r\nab", "Content-Length must be"},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\nab", "Content-Length must be"},
        {"POST /echo HTTP/1.1\r\n" HOST "content-length: 2 3\r\n\r\nab", "Content-Length must be"},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length : 2\r\n\r\nab", "the name of a header"},
        {GET_LIVE HOST "no colon\r\n\r\n", "no colon"},
        {GET_LIVE HOST "X~Y: a\r\n\r\n", "the name of a header"},
        {GET_LIVE HOST "X: a~b\r\n\r\n", "the value of a header"},
        {GET_LIVE HOST "X: a\rb\r\n\r\n", "the value of a header"},
        {"GET /live HTTP/x\r\n" HOST "\r\n", "the first line"},
        {"GET /live http/1.1\r\n" HOST "\r\n", "the first line"},
        {"GET /live HTTP/1.1 \r\n" HOST "\r\n", "the first line"},
        {"GET /live HTTP/11\r\n" HOST "\r\n", "the first line"},
        {"GET /live\r\n" HOST "\r\n", "the first line"},
        {"GET\t/live\tHTTP/1.1\r\n" HOST "\r\n", "the first line"},
        {"GET HTTP/1.1\r\n" HOST "\r\n", "the first line"},
        {"GET\r\n\r\n", "the first line"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd = connect_to_server();
        cr_expect_eq(send_with_nuls(fd, cases[i].head), 400, "%s -> %s", cases[i].head, reply_text);
        cr_expect(reply_has("\"status\":400") && reply_has("X-Request-Id") && reply_has("Connection: close"), "%s",
                  reply_text);
        cr_expect(reply_has(cases[i].reason), "%s -> %s", cases[i].head, reply_text);
        cr_expect_eq(observed, 400);
        cr_expect(is_closed(fd), "%s", cases[i].head);
        cr_expect_not(reply_has("HTTP"), "one reply only: %s", reply_text);
        close(fd);
    }
    cr_expect_eq(status_of("GET /live HTTP/2.0\r\n" HOST "\r\n"), 505);
    cr_expect(reply_has("\"status\":505"));
    close_clean();
}

static int pieces; /* of a head that send_in_pieces() sends */

/* Sends the head in pieces; the server has seen each before the next one comes. */
static void send_in_pieces(int fd, const char *head)
{
    size_t len = strlen(head), size = len / (size_t)pieces + 1;
    for (size_t sent = 0; sent < len; sent += size) {
        send_bytes(fd, head + sent, len - sent < size ? len - sent : size);
        for (int i = 0; i < 3; i++)
            fiber_sleep(1);
    }
}

static void heads_in_pieces(void)
{
    for (pieces = 2; pieces < 200; pieces *= 3) {
        int fd = connect_to_server();
        send_in_pieces(fd, "GET /live HTTP/1.1\r\n" HOST "X-Name: a value\r\n\r\n");
        cr_expect(read_reply(fd) && reply_has("HTTP/1.1 200"), "%d -> %s", pieces, reply_text);
        cr_expect_not(reply_has("Connection: close"), "%d -> %s", pieces, reply_text);
        cr_expect_eq(send_with_nuls(fd, "GET /live HTTP/1.1\r\n" HOST "\r\n"), 200, "%s", reply_text);
        close(fd);

        fd = connect_to_server();
        send_in_pieces(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: +2\r\n\r\n");
        cr_expect(read_reply(fd) && reply_has("HTTP/1.1 400") && reply_has("\"status\":400"), "%s", reply_text);
        cr_expect(is_closed(fd));
        cr_expect_not(reply_has("HTTP"), "one reply only: %s", reply_text);
        close(fd);
    }
    cr_expect_eq(http_server_in_flight(server), 0);
    close_clean();
}

Test(http_request, head_in_pieces_is_judged_like_a_whole_one)
{
    with_server(heads_in_pieces, 1);
}

Test(http_request, first_head_of_a_connection_gets_our_reply)
{
    with_server(first_heads_to_reject, 1);
}

/* --- Large heads ---------------------------------------------------------------------------- */

/* Sends a head with a target of `target` bytes, `headers` headers and a cookie of `cookie` bytes. */
static int send_large(size_t target, size_t headers, size_t cookie, const char *pair)
{
    char *text = calloc(1, target + headers * 32 + cookie + 200), *end = text;
    end += sprintf(end, "GET /live?");
    memset(end, 'q', target);
    end += target;
    end += sprintf(end, " HTTP/1.1\r\n" HOST);
    for (size_t i = 0; i < headers; i++)
        end += sprintf(end, "X-Header-%zu: %zu\r\n", i, i);
    end += sprintf(end, "Cookie: ");
    for (size_t len = 0; *pair && len + strlen(pair) <= cookie; len += strlen(pair))
        end += sprintf(end, "%s", pair);
    sprintf(end, "\r\n\r\n");
    int status = status_of(text);
    free(text);
    return status;
}

static void large_heads(void)
{
    cr_expect_eq(send_large(0, 0, 12000, "0123456789"), 200, "%s", reply_text);
    cr_expect_eq(send_large(0, 0, 16000, "name=value; "), 200, "%s", reply_text);
    cr_expect_eq(send_large(0, 0, 16000, "a;"), 200, "%s", reply_text);
    cr_expect_eq(send_large(0, 200, 0, ""), 200, "%s", reply_text);
    cr_expect_eq(send_large(0, 200, 12000, "a=b; "), 200, "%s", reply_text);
    cr_expect_eq(send_large(15000, 0, 0, ""), 200, "%s", reply_text);
    cr_expect_eq(send_large(15000, 200, 10000, "a=b; "), 200, "%s", reply_text);
    cr_expect(reply_has("Connection: close"), "%s", reply_text);
    cr_expect_eq(send_large(0, 0, 1500, "a=b; "), 200, "%s", reply_text);
    cr_expect_eq(send_large(0, 0, 33000, "0123456789"), 431, "%s", reply_text);
    cr_expect(reply_has("\"status\":431"), "%s", reply_text);
    cr_expect_eq(send_large(33000, 0, 0, ""), 414, "%s", reply_text);
    cr_expect(reply_has("\"status\":414"), "%s", reply_text);
    close_clean();
}

Test(http_request, head_of_32_kib_with_200_headers_is_accepted)
{
    with_server(large_heads, 1);
}

static void head_in_pieces(void)
{
    int fd = connect_to_server();
    send_text(fd, GET_LIVE);
    until_in_flight(1);
    char line[1100] = "X: ";
    memset(line + 3, 'x', 1000);
    strcpy(line + 1003, "\r\n");
    for (int i = 0; i < 16; i++) {
        send_text(fd, line);
        fiber_yield();
    }
    send_text(fd, HOST "\r\n");
    cr_expect(read_reply(fd) && reply_has("HTTP/1.1 200"), "%s", reply_text);
    close(fd);
    close_clean();
}

Test(http_request, large_head_may_arrive_in_pieces)
{
    with_server(head_in_pieces, 1);
}

/* --- Accepted heads ------------------------------------------------------------------------- */

static void heads_to_accept(void)
{
    static const char *const requests[] = {
        GET_LIVE "Host:\r\n\r\n",                   GET_LIVE "Host: [::1]:8080\r\n\r\n",
        GET_LIVE "Host: [::1]\r\n\r\n",             GET_LIVE "Host: 127.0.0.1:8001\r\n\r\n",
        GET_LIVE "Host: a_b.c-d:\r\n\r\n",          GET_LIVE "host:h \t\r\n\r\n",
        GET_LIVE HOST "X: caf\xc3\xa9 \xff\r\n\r\n", GET_LIVE HOST "X: a\tb\r\n\r\n",
        GET_LIVE HOST "X:\r\n\r\n",                 GET_LIVE HOST "X: \r\nY:a:b\r\n\r\n",
        GET_LIVE HOST "!#$%&'*+-.^_`|: z\r\n\r\n",   "\r\n" GET_LIVE HOST "\r\n",
        "GET /live HTTP/1.1\nHost: h\nX: y\n\n",     "GET /live HTTP/1.0\r\n\r\n",
        "GET /live HTTP/1.0\n\n",                    "GET http://other:80/live HTTP/1.1\r\n" HOST "\r\n",
        "GET HTTP://h/live HTTP/1.1\r\n" HOST "\r\n", "GET /live?a=1&b=%20&c HTTP/1.1\r\n" HOST "\r\n",
        "GET https://h/live HTTP/1.1\r\n" HOST "\r\n", GET_LIVE "Host: a%41:65535\r\n\r\n",
        GET_LIVE "Host: [fe80::1%25eth0]:80\r\n\r\n", GET_LIVE "Host: [::ffff:1.2.3.4]\r\n\r\n",
        GET_LIVE HOST "Content-Length: 0\r\n\r\n",  GET_LIVE HOST "Cookie: a=b; c=\"d\", e\r\n\r\n",
    };
    int kept = connect_to_server();
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        cr_expect_eq(status_of(requests[i]), 200, "%s -> %s", requests[i], reply_text);
        if (strstr(requests[i], "HTTP/1.1"))
            cr_expect_eq(send_with_nuls(kept, requests[i]), 200, "%s -> %s", requests[i], reply_text);
    }
    close(kept);
    close_clean();
}

Test(http_request, unusual_head_that_is_valid_is_accepted)
{
    with_server(heads_to_accept, 1);
}

static void about_the_server(void)
{
    cr_expect_eq(status_of("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), 204);
    cr_expect(reply_has("\r\nAllow: GET, HEAD, POST, OPTIONS\r\n"), "%s", reply_text);
    cr_expect_not(reply_has("Connection: close"));
    close_clean();
}

Test(http_request, options_asterisk_names_all_methods)
{
    with_server(about_the_server, 1);
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
    cr_expect_eq(status_of("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3 \r\n\r\nabc"), 201, "%s", reply_text);
    cr_expect(reply_has("\r\n\r\nabc"), "%s", reply_text);
    cr_expect_eq(status_of("POST /echo HTTP/1.1\r\n" HOST "content-length:3\t \r\nX: y\r\n\r\nabc"), 201);
    cr_expect(reply_has("\r\n\r\nabc"), "%s", reply_text);
    cr_expect_eq(status_of("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0000000000000000000003 \r\n\r\nabc"), 201);
    cr_expect(reply_has("\r\n\r\nabc"), "%s", reply_text);
    cr_expect_eq(status_of("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0000000000000000000003\r\n\r\nabc"), 201);
    cr_expect(reply_has("\r\n\r\nabc"), "%s", reply_text);
    cr_expect_eq(status_of("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 000 \r\n\r\n"), 201);
    cr_expect_eq(status_of("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked \r\n\r\n"
                           "1\r\na\r\n0\r\n\r\n"), 201);
    cr_expect(reply_has("\r\n\r\na"), "%s", reply_text);
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
