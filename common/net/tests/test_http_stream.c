/* http_stream: replies that are sent piece by piece. */
#include "net/tests/raw_client.h"

TestSuite(http_stream, .timeout = 300);

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

enum { LARGE = 200 * 1000 };

/* --- Handlers ---------------------------------------------------------------------- */

static struct http_request *waiting; /* the stream that waits in talk() */
static int running, ended;

/* Writes "one", and after each wake "two". */
static void talk(struct http_request *req, void *arg)
{
    (void)arg;
    running++;
    http_add_header(req, "X-Extra", "one");
    cr_expect(http_stream_begin(req, 200, "text/event-stream"));
    cr_expect_eq(http_stream_write(req, "one", 3), true);
    do {
        waiting = req;
    } while (http_stream_wait(req, DEADLINE_NONE) && http_stream_write(req, "two", 3));
    waiting = NULL;
    ended++;
}

static void say_once(struct http_request *req, void *arg)
{
    (void)arg;
    http_stream_begin(req, 200, "text/plain");
    http_stream_write(req, "only", 4);
}

static void talk_often(struct http_request *req, void *arg)
{
    (void)arg;
    running++;
    http_stream_begin(req, 200, "text/plain");
    while (http_stream_write(req, "tick\n", 5) && http_stream_wait(req, deadline_in(5))) {
    }
    ended++;
}

static void pour(struct http_request *req, void *arg)
{
    static char bytes[LARGE];
    (void)arg;
    memset(bytes, 'x', sizeof bytes);
    running++;
    http_stream_begin(req, 200, "text/plain");
    http_stream_write(req, bytes, sizeof bytes);
    ended++;
}

/* Until the client's socket and the stream's own limit are full. */
static void pour_without_end(struct http_request *req, void *arg)
{
    static char bytes[LARGE];
    (void)arg;
    running++;
    http_stream_begin(req, 200, "text/plain");
    while (http_stream_write(req, bytes, sizeof bytes))
        fiber_yield();
    ended++;
}

static void plain(struct http_request *req, void *arg)
{
    (void)arg;
    http_reply(req, 200, "text/plain", "plain", 5);
}

static const struct http_route routes[] = {
    {"GET", "/talk", talk, 0},
    {"GET", "/once", say_once, 0},
    {"GET", "/often", talk_often, 0},
    {"GET", "/pour", pour, 0},
    {"GET", "/pour-on", pour_without_end, 0},
    {"GET", "/plain", plain, 0},
};

/* --- Server and client ---------------------------------------------------------------- */

static void server_main(void *arg)
{
    void (**body)(void) = arg;
    struct err err = ERR_INIT;
    const struct http_server_config config = {.address = "127.0.0.1",
                                              .served_by = "me-1",
                                              .routes = routes,
                                              .route_count = sizeof routes / sizeof *routes,
                                              .max_requests = 100};
    server = http_server_new(&config, &err);
    cr_expect_not_null(server, "%s", err.text);
    running = ended = 0;
    (*body)();
}

/* The body must close the server. */
static void with_server(void (*body)(void))
{
    in_loop(server_main, &body);
}

/* Reads into reply_text, after what is there, until it contains `text`. */
static bool read_until(int fd, size_t *len, const char *text)
{
    for (time_t limit = time(NULL) + 120; !is_over(limit); fiber_yield()) {
        ssize_t n = recv(fd, reply_text + *len, sizeof reply_text - *len - 1, 0);
        if (n > 0)
            *len += (size_t)n;
        reply_text[*len] = '\0';
        if (strstr(reply_text, text))
            return true;
        if (n == 0)
            return false;
    }
    return false;
}

static void until(const int *counter, int value)
{
    for (time_t limit = time(NULL) + 120; *counter < value && !is_over(limit);)
        fiber_sleep(1);
    cr_expect_eq(*counter, value);
}

static int open_stream(const char *request)
{
    int fd = connect_to_server();
    send_text(fd, request);
    return fd;
}

static void wake_stream(void)
{
    cr_expect_not_null(waiting);
    if (waiting)
        http_stream_wake(waiting);
}

/* --- Tests -------------------------------------------------------------------------------- */

static void pieces(void)
{
    size_t len = 0;
    int fd = open_stream(GET("/talk"));
    cr_expect(read_until(fd, &len, "one\r\n"));
    cr_expect(reply_has("HTTP/1.1 200") && reply_has("Content-Type: text/event-stream") && reply_has("X-Extra: one") &&
              reply_has("X-Served-By: me-1") && reply_has("Transfer-Encoding: chunked"));
    fiber_sleep(20); /* meanwhile the connection is suspended */
    wake_stream();
    cr_expect(read_until(fd, &len, "two\r\n"));
    wake_stream();
    cr_expect(read_until(fd, &len, "two\r\n3\r\ntwo\r\n"));
    close(fd);
    cr_expect(http_server_close(server, deadline_in(60000)));
    cr_expect_eq(ended, 1);
}

Test(http_stream, pieces_arrive_as_they_are_written)
{
    with_server(pieces);
}

static void whole(void)
{
    size_t len = 0;
    int fd = open_stream(GET("/once"));
    cr_expect(read_until(fd, &len, "4\r\nonly\r\n0\r\n\r\n"));
    send_text(fd, GET("/plain"));
    cr_expect(read_until(fd, &len, "plain"));
    close(fd);

    len = 0;
    fd = open_stream("GET /once HTTP/1.0\r\n\r\n");
    cr_expect(read_until(fd, &len, "only"));
    cr_expect_not(reply_has("chunked"));
    cr_expect_not(read_until(fd, &len, "more"));
    close(fd);

    len = 0;
    fd = open_stream("HEAD /talk HTTP/1.1\r\nHost: h\r\n\r\n");
    cr_expect(read_until(fd, &len, "\r\n\r\n"));
    until(&ended, 1);
    close(fd);
    http_server_close(server, deadline_in(60000));
}

Test(http_stream, stream_ends_when_its_handler_returns)
{
    with_server(whole);
}

static void large(void)
{
    size_t len = 0, body = 0;
    int fd = open_stream(GET("/pour"));
    cr_expect(read_until(fd, &len, "\r\n0\r\n\r\n"));
    for (const char *c = strstr(reply_text, "\r\n\r\n"); c && *c; c++)
        body += *c == 'x';
    cr_expect_eq(body, LARGE);
    close(fd);
    http_server_close(server, deadline_in(60000));
}

Test(http_stream, piece_larger_than_memory_arrives_whole)
{
    with_server(large);
}

static void gone_client(void)
{
    size_t len = 0;
    int fd = open_stream(GET("/often")), waiting_fd = open_stream(GET("/talk"));
    cr_expect(read_until(fd, &len, "tick"));
    until(&running, 2);
    close(fd);
    until(&ended, 1);
    close(waiting_fd);
    for (time_t limit = time(NULL) + 120; ended < 2 && !is_over(limit); fiber_sleep(5))
        if (waiting)
            http_stream_wake(waiting);
    cr_expect_eq(ended, 2);
    http_server_close(server, deadline_in(60000));
}

Test(http_stream, stream_ends_when_its_client_is_gone)
{
    with_server(gone_client);
}

static void slow_client(void)
{
    int fd = open_stream(GET("/pour-on"));
    until(&ended, 1);
    size_t len = 0;
    cr_expect(read_until(fd, &len, "HTTP/1.1 200"));
    close(fd);
    http_server_close(server, deadline_in(60000));
}

Test(http_stream, stream_ends_when_its_client_does_not_read)
{
    with_server(slow_client);
}

static void several(void)
{
    size_t len = 0;
    int first = open_stream(GET("/talk")), second = open_stream(GET("/often")), plain_fd = connect_to_server();
    cr_expect(read_until(first, &len, "one"));
    len = 0;
    cr_expect(read_until(second, &len, "tick\n\r\n5\r\ntick\n"));
    for (int i = 0; i < 3; i++) {
        len = 0;
        send_text(plain_fd, GET("/plain"));
        cr_expect(read_until(plain_fd, &len, "plain"));
    }
    len = 0;
    wake_stream();
    cr_expect(read_until(first, &len, "two"));
    close(first);
    close(second);
    close(plain_fd);
    http_server_close(server, deadline_in(60000));
    cr_expect_eq(ended, 2);
}

Test(http_stream, several_streams_and_ordinary_replies_mix)
{
    with_server(several);
}

static void draining(void)
{
    size_t len = 0;
    int fd = open_stream(GET("/talk"));
    cr_expect(read_until(fd, &len, "one"));
    http_server_drain(server);
    cr_expect(read_until(fd, &len, "\r\n0\r\n\r\n"), "%s", reply_text);
    until(&ended, 1);
    close(fd);
    http_server_close(server, deadline_in(60000));
}

Test(http_stream, draining_server_ends_its_streams)
{
    with_server(draining);
}

static void closing(void)
{
    size_t len = 0;
    int fd = open_stream(GET("/talk"));
    cr_expect(read_until(fd, &len, "one"));
    int64_t began = clock_ms();
    cr_expect(http_server_close(server, deadline_in(60000)));
    cr_expect_lt(clock_ms() - began, 30000);
    cr_expect(read_until(fd, &len, "\r\n0\r\n\r\n"));
    cr_expect_eq(ended, 1);
    close(fd);
}

Test(http_stream, close_ends_streams_without_its_deadline)
{
    with_server(closing);
}
