#include "client/attempt.h"

#include <stdio.h>

#include "net/http_client.h"
#include "net/json.h"

/* --- The meaning of a result --------------------------------------------------------- */

static struct attempt failed(enum service_outcome outcome)
{
    return (struct attempt){.outcome = outcome, .blames_instance = true, .may_retry = true};
}

/* There was no complete reply. */
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
    case ERR_CANCELLED: /* another attempt has won, or this process is shutting down */
        return (struct attempt){.outcome = SERVICE_TIMED_OUT, .was_cancelled = true};
    default: /* a limit of this process */
        return (struct attempt){.outcome = SERVICE_UNREACHABLE};
    }
}

/* There was a complete reply. With a status below 500 the instance works, even with a
 * 404. A redirect is a failure: it leads to an address that discovery did not choose. */
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

/* --- The request --------------------------------------------------------------------- */

static int send_call(const struct service_transport *transport, const struct service_call *call,
                     const struct instance *instance, int64_t deadline, struct http_response *response,
                     struct err *err)
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
    return transport->call(transport->arg, &http, response, err);
}

struct attempt attempt_make(const struct service_transport *transport, const struct service_call *call,
                            const struct instance *instance, int64_t deadline, struct service_reply *reply)
{
    struct http_response response = HTTP_RESPONSE_INIT;
    struct attempt attempt;
    err_clear(&reply->err);
    if (send_call(transport, call, instance, deadline, &response, &reply->err) != 0)
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
