/* fake_upstreams: instances a to z, each with a behaviour that the test sets. The port
 * identifies the instance: 8000 + its letter, the same as in fake_registry.h. */
#ifndef CLIENT_TESTS_FAKE_UPSTREAMS_H
#define CLIENT_TESTS_FAKE_UPSTREAMS_H

#include "client/service_client.h"
#include "discovery/tests/fake_registry.h"
#include "net/http_client.h"

enum fake_behaviour { HEALTHY, REFUSES, HANGS, RESETS, REPLIES_500, REPLIES_503, REPLIES_404, REDIRECTS, GARBAGE, HUGE_BODY, OUT_OF_MEMORY };

struct fake_upstream {
    enum fake_behaviour behaviour;
    int64_t takes_ms;
    int calls, cancelled;
};

static const struct trace_context trace = {
    .request_id = "request-1",
    .parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    .state = "congo=t61rcWkgMzE",
};

static struct fake_upstream upstreams['z' + 1];

static int fake_reply(struct http_response *response, int status, const char *body)
{
    response->status = status;
    buf_adds(&response->body, body);
    return 0;
}

static int calls_now, most_calls_at_once;

static int fake_wait(struct fake_upstream *upstream, const struct http_call *call, struct err *err)
{
    bool in_time = upstream->behaviour != HANGS && deadline_in(upstream->takes_ms) < call->deadline;
    if (in_time && upstream->takes_ms == 0)
        return 0;
    most_calls_at_once = ++calls_now > most_calls_at_once ? calls_now : most_calls_at_once;
    int ended = fiber_sleep(in_time ? upstream->takes_ms : deadline_left(call->deadline));
    calls_now--;
    upstream->cancelled += ended != 0;
    if (ended != 0)
        return err_set(err, ERR_CANCELLED, "cancelled");
    return in_time ? 0 : err_set(err, ERR_TIMEOUT, "no answer");
}

static int fake_call(void *arg, const struct http_call *call, struct http_response *response, struct err *err)
{
    struct fake_upstream *upstream = &upstreams[call->port - 8000];
    (void)arg;
    upstream->calls++;
    buf_clear(&response->body);
    cr_expect_str_eq(call->headers[0], "X-Request-Id: request-1");
    cr_expect_str_eq(call->headers[1], "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    cr_expect_str_eq(call->headers[2], "tracestate: congo=t61rcWkgMzE");
    cr_expect_null(call->headers[3]);
    if (fake_wait(upstream, call, err) != 0)
        return -1;
    switch (upstream->behaviour) {
    case HEALTHY:
        return fake_reply(response, 200, "{\"id\":\"7\"}");
    case REFUSES:
        return err_set(err, ERR_UNREACHABLE, "connection refused");
    case RESETS:
        return err_set(err, ERR_BROKEN, "connection reset");
    case REPLIES_500:
        return fake_reply(response, 500, "{}");
    case REPLIES_503:
        return fake_reply(response, 503, "{\"status\":\"draining\"}");
    case REPLIES_404:
        return fake_reply(response, 404, "{\"status\":404}");
    case REDIRECTS:
        return fake_reply(response, 302, "{}");
    case GARBAGE:
        return fake_reply(response, 200, "[1,2]");
    case HUGE_BODY:
        return err_set(err, ERR_TOO_LARGE, "over %zu bytes", call->body_cap);
    case OUT_OF_MEMORY:
        return err_set(err, ERR_BUSY, "out of memory");
    default:
        return -1;
    }
}

#endif
