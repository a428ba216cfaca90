/* attempt: one GET to one instance, and what it means. */
#include <stdio.h>

#include "client/client_internal.h"
#include "net/http_client.h"
#include "net/json.h"

static struct attempt failed(enum service_outcome outcome)
{
    return (struct attempt){.outcome = outcome, .blames_instance = true, .may_retry = true};
}

/* No whole reply came. */
static struct attempt judge_error(enum err_code code)
{
    switch (code) {
    case ERR_UNREACHABLE:
        return failed(SERVICE_UNREACHABLE);
    case ERR_TIMEOUT:
        return failed(SERVICE_TIMED_OUT);
    case ERR_BROKEN:
    case ERR_PROTOCOL:
    case ERR_TOO_LARGE:
        return failed(SERVICE_BROKEN);
    case ERR_CANCELLED: /* we are shutting down */
        return (struct attempt){.outcome = SERVICE_TIMED_OUT};
    default: /* a limit of our own */
        return (struct attempt){.outcome = SERVICE_UNREACHABLE};
    }
}

/* A whole reply came. What it says below 500 is the instance's word, a 404 too;
 * a redirect would lead past discovery. */
static struct attempt judge_reply(const struct http_response *response, struct err *err)
{
    if (response->status >= 500) {
        err_set(err, ERR_FAILED, "answered %d", response->status);
        return failed(SERVICE_FAILED);
    }
    if (response->status >= 300 && response->status < 400) {
        err_set(err, ERR_PROTOCOL, "answered with a redirect, %d", response->status);
        return failed(SERVICE_BROKEN);
    }
    if (!json_is_object_text(buf_text(&response->body), response->body.len)) {
        err_set(err, ERR_PROTOCOL, "answered %d with something that is not a JSON object", response->status);
        return failed(SERVICE_BROKEN);
    }
    return (struct attempt){.outcome = SERVICE_OK};
}

static int send_call(struct service_client *client, const struct service_call *call, const struct instance *instance,
                     int64_t deadline, struct http_response *response, struct err *err)
{
    const struct trace_context *trace = call->trace;
    char id[160], parent[TRACE_PARENT_SIZE + 16], state[TRACE_STATE_SIZE + 16];
    snprintf(id, sizeof id, "X-Request-Id: %s", trace->request_id);
    snprintf(parent, sizeof parent, "traceparent: %s", trace->parent);
    snprintf(state, sizeof state, "tracestate: %s", trace->state);
    const char *const headers[] = {id, *trace->parent ? parent : NULL, *trace->state ? state : NULL, NULL};
    const struct http_call http = {
        .host = instance->address,
        .port = instance->port,
        .path = call->path,
        .headers = headers,
        .deadline = deadline,
        .body_cap = call->body_cap,
    };
    const struct service_transport *transport = &client->config.transport;
    return transport->call(transport->arg, &http, response, err);
}

struct attempt attempt_make(struct service_client *client, const struct service_call *call,
                            const struct instance *instance, int64_t deadline, struct service_reply *reply)
{
    struct http_response response = HTTP_RESPONSE_INIT;
    struct attempt attempt;
    err_clear(&reply->err);
    if (send_call(client, call, instance, deadline, &response, &reply->err) != 0)
        attempt = judge_error(reply->err.code);
    else
        attempt = judge_reply(&response, &reply->err);

    reply->status = response.status;
    if (attempt.outcome == SERVICE_OK) {
        buf_close(&reply->body);
        reply->body = response.body; /* handed over */
        response.body = (struct buf){0};
    } else {
        err_prefix(&reply->err, "%.80s", instance->id);
    }
    http_response_close(&response);
    return attempt;
}
