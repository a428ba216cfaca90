/* http_handlers: the handlers of the server in http_fixture.h, and their routes. They show what they got, reply
 * late, twice or not at all, or wait until the test lets them continue.
 */
#ifndef NET_TESTS_HTTP_HANDLERS_H
#define NET_TESTS_HTTP_HANDLERS_H

#include "loop/sync.h"
#include "net/tests/raw_client.h"

static void show(struct http_request *req, void *arg)
{
    struct http_text param = http_param(req), body = http_body(req), key = http_query(req, "a b");
    char text[512];
    (void)arg;
    int len = snprintf(text, sizeof text, "param=%zu:%s body=%zu key=%s json=%d", param.len,
                       param.text ? param.text : "-", body.len, key.text ? key.text : "-", http_body_is_json(req));
    http_add_header(req, "X-Extra", "one");
    http_reply(req, 200, "text/plain", text, (size_t)len);
}

static void forge(struct http_request *req, void *arg)
{
    (void)arg;
    http_add_header(req, "X-Forged", "a\r\nX-Evil: b");
    http_reply(req, 200, NULL, "", 0);
}

static void echo(struct http_request *req, void *arg)
{
    struct http_text body = http_body(req);
    char *copy = malloc(body.len + 1);
    (void)arg;
    memcpy(copy, body.text, body.len);
    fiber_yield();
    http_reply_take(req, 201, "application/octet-stream", copy, body.len);
    http_reply(req, 500, NULL, "", 0); /* only the first reply counts */
}

static void show_header(struct http_request *req, void *arg)
{
    char text[64];
    (void)arg;
    int len = snprintf(text, sizeof text, "[%s] %zu", http_header(req, "X-Key"), http_header_count(req, "X-Key"));
    http_reply(req, 200, "text/plain", text, (size_t)len);
}

static void silent(struct http_request *req, void *arg)
{
    (void)req, (void)arg;
}

static struct wait *gate; /* of the handler that waits in wait_at_gate */
static bool was_cancelled;

static void wait_at_gate(struct http_request *req, void *arg)
{
    struct wait wait;
    (void)arg;
    wait_init(&wait);
    gate = &wait;
    was_cancelled = wait_park(&wait, DEADLINE_NONE) == WAIT_CANCELLED;
    gate = NULL;
    cr_expect_str_eq(http_header(req, "host"), "h"); /* still readable after the client has disconnected */
    http_reply(req, 200, NULL, "open", 4);
}

/* Waits until a handler waits at the gate. */
static inline void until_waiting(void)
{
    for (time_t limit = time(NULL) + 120; !gate && !is_over(limit);)
        fiber_yield();
    cr_expect_eq(http_server_in_flight(server), 1);
}

static struct wait_queue crowd;
static size_t crowd_size;

static void wait_in_crowd(struct http_request *req, void *arg)
{
    (void)arg;
    crowd_size++;
    wait_queue_park(&crowd, DEADLINE_NONE);
    http_reply(req, 200, NULL, "all", 3);
}

static const struct http_route routes[] = {
    {"GET", "/show/{id}", show, 0},    {"POST", "/show", show, 0},
    {"POST", "/echo", echo, 0},        {"GET", "/silent", silent, 0},
    {"GET", "/gate", wait_at_gate, 0}, {"GET", "/live", show, HTTP_ROUTE_ALWAYS | HTTP_ROUTE_PROBE},
    {"GET", "/forge", forge, 0},       {"GET", "/crowd", wait_in_crowd, 0},
    {"GET", "/header", show_header, 0},
};

#endif
