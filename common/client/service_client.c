#include "client/service_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/own_limit.h"
#include "client/attempt.h"
#include "client/client_metrics.h"
#include "client/upstream.h"
#include "client/view.h"
#include "loop/sync.h"
#include "net/http_client.h"

struct service_client {
    struct service_client_config config;
    struct upstreams upstreams;
    size_t calls; /* that run now */
    struct wait_queue waiting;
};

struct call_state {
    struct service_client *client;
    struct upstream *upstream;
    const struct service_call *call;
    struct service_reply *reply;
    int64_t deadline;
    struct balancer_peer *tried[SERVICE_ATTEMPTS_MAX];
    size_t tried_count;
    bool failed_at_missing;
    bool tried_listed; /* at least one instance that the registry names */
};

/* --- Choose the next instance -------------------------------------------------------- */

/* The first attempt is always allowed. A retry needs an instance that was not tried, and
 * only then takes from the budget. A call's first attempt at a listed instance takes
 * nothing: when many instances vanish at once, more calls fail at missing instances than
 * the budget has retries, and no listed instance has had these calls yet. */
static bool allow_attempt(struct call_state *state, const struct balance_request *request)
{
    struct upstream *upstream = state->upstream;
    if (state->tried_count == 0)
        return true;
    const struct balancer_peer *next = balancer_peek(upstream->balancer, request, clock_ms());
    if (!next)
        return false;
    bool is_first_listed = !state->tried_listed && !next->missing;
    bool allowed = is_first_listed || retry_budget_take(&upstream->budget, clock_ms());
    upstream->retries += allowed;
    upstream->retries_refused += !allowed;
    return allowed;
}

/* An instance that was tried, left the list and came back has a new peer: it counts as
 * tried too. */
static void follow_tried(struct call_state *state)
{
    for (size_t i = 0; i < state->tried_count; i++)
        state->tried[i] = balancer_follow(state->upstream->balancer, state->tried[i]);
}

/* The instance for the next attempt; NULL: there is none. If nothing was tried yet,
 * reply->err then holds the cause. */
static struct balancer_peer *next_peer(struct call_state *state)
{
    struct discovery_view view;
    struct err err = ERR_INIT;
    struct discovery *discovery = state->client->config.discovery;
    struct balancer_peer *peer = NULL;
    if (discovery_get(discovery, state->call->service, state->deadline, &view, &err) == 0) {
        upstream_sync(state->upstream, &view);
        follow_tried(state);
        const struct balance_request request = {
            .key = state->call->key,
            .tried = state->tried,
            .tried_count = state->tried_count,
            .prefer_listed = state->failed_at_missing,
        };
        if (allow_attempt(state, &request))
            peer = balancer_pick(state->upstream->balancer, &request, clock_ms());
    }
    state->reply->source = view.source;
    if (!peer && state->tried_count == 0)
        err_set(&state->reply->err, ERR_NOT_FOUND, "No healthy %.100s instances%s%s", state->call->service,
                err.code != ERR_NONE ? ": " : "", err.text);
    return peer;
}

/* --- One attempt --------------------------------------------------------------------- */

/* Reports the result to the balancer. If the registry no longer names the instance and
 * a call to it fails, the instance is gone: discovery removes it. */
static void report_attempt(struct call_state *state, struct balancer_peer *peer, const struct attempt *attempt)
{
    if (attempt->outcome != SERVICE_OK && !attempt->blames_instance)
        return;
    balancer_report(state->upstream->balancer, peer, attempt->outcome == SERVICE_OK, clock_ms());
    if (attempt->outcome != SERVICE_OK && peer->missing)
        discovery_report_failure(state->client->config.discovery, state->call->service, peer->instance,
                                 attempt->outcome == SERVICE_TIMED_OUT);
}

static struct attempt try_peer(struct call_state *state, struct balancer_peer *peer)
{
    const struct service_client_config *config = &state->client->config;
    int64_t share_ms = config->call_timeout_ms / config->call_attempts;
    int64_t deadline = deadline_min(state->deadline, deadline_in(share_ms));
    int64_t timeout_ms = deadline_left(deadline), began_us = clock_us();
    snprintf(state->reply->instance, sizeof state->reply->instance, "%s", peer->instance->id);

    /* While the attempt waits, a new list may replace the one that holds the instance. */
    struct instance_list *list = instance_list_ref(peer->list);
    bool was_missing = peer->missing;
    const struct instance *instance = peer->instance;
    struct attempt attempt = attempt_make(&config->transport, state->call, instance, deadline, state->reply);
    /* A timeout after less than half a share does not show that the instance hangs. */
    if (attempt.outcome == SERVICE_TIMED_OUT && timeout_ms * 2 < share_ms)
        attempt.blames_instance = false;
    const struct call_result result = {
        .instance = instance,
        .status = state->reply->status,
        .outcome = attempt.outcome,
        .duration_us = clock_us() - began_us,
    };
    call_metrics_add(&state->upstream->attempts, &result);
    instance_list_unref(list);
    report_attempt(state, peer, &attempt);
    state->failed_at_missing |= attempt.outcome != SERVICE_OK && was_missing;
    state->tried_listed |= !was_missing;
    return attempt;
}

/* --- One call: its attempts ---------------------------------------------------------- */

static bool has_attempts_left(const struct call_state *state)
{
    return state->tried_count < (size_t)state->client->config.call_attempts && deadline_left(state->deadline) > 0;
}

static enum service_outcome run_attempts(struct call_state *state)
{
    enum service_outcome outcome = SERVICE_NO_INSTANCE;
    struct balancer_peer *peer = next_peer(state);
    while (peer) {
        state->tried[state->tried_count++] = peer;
        struct attempt attempt = try_peer(state, peer);
        outcome = attempt.outcome;
        if (!attempt.may_retry || !has_attempts_left(state))
            break;
        peer = next_peer(state);
    }
    return outcome;
}

/* A call needs a file descriptor for its connection. Without this limit, calls would fail at the limit of
 * descriptors, although one becomes free in a moment. */
static int wait_for_turn(struct service_client *client, int64_t deadline, struct err *err)
{
    size_t max = client->config.max_calls;
    while (max > 0 && client->calls >= max)
        if (wait_queue_park(&client->waiting, deadline) != WAIT_WOKEN) {
            own_limit_log(EMFILE);
            return err_set(err, ERR_BUSY, "at the limit of %zu concurrent calls to other services", max);
        }
    client->calls++;
    return 0;
}

static void end_turn(struct service_client *client)
{
    client->calls--;
    wait_queue_wake_one(&client->waiting);
}

void service_client_get(struct service_client *client, const struct service_call *call, struct service_reply *reply)
{
    struct call_state state = {.client = client, .call = call, .reply = reply};
    service_reply_reset(reply);
    state.deadline = deadline_min(call->deadline, deadline_in(client->config.call_timeout_ms));
    state.upstream = upstream_get(&client->upstreams, call->service);
    if (!state.upstream) {
        reply->outcome = SERVICE_NO_INSTANCE;
        err_set(&reply->err, ERR_BUSY, "No healthy %.100s instances: out of memory", call->service);
        return;
    }
    if (wait_for_turn(client, state.deadline, &reply->err) == 0) {
        retry_budget_call(&state.upstream->budget, clock_ms());
        reply->outcome = run_attempts(&state);
        end_turn(client);
    } else {
        reply->outcome = SERVICE_UNREACHABLE;
    }
    state.upstream->calls[reply->outcome]++;
    for (size_t i = 0; i < state.tried_count; i++)
        balancer_release(state.tried[i]);
}

/* --- Create and free ----------------------------------------------------------------- */

static int call_by_http(void *arg, const struct http_call *call, struct http_response *response, struct err *err)
{
    return http_call(arg, call, response, err);
}

struct service_client *service_client_new(const struct service_client_config *config)
{
    struct service_client *client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    const struct balancer_config balancer = {.policy = config->policy, .caller = config->id, .zone = config->zone};
    if (upstreams_init(&client->upstreams, config->discovery, &balancer) != 0) {
        upstreams_close(&client->upstreams);
        free(client);
        return NULL;
    }
    client->config = *config;
    client->config.id = client->upstreams.balancer.caller;
    client->config.zone = client->upstreams.balancer.zone;
    if (!client->config.transport.call)
        client->config.transport = (struct service_transport){call_by_http, config->http};
    if (client->config.call_attempts > SERVICE_ATTEMPTS_MAX)
        client->config.call_attempts = SERVICE_ATTEMPTS_MAX;
    return client;
}

void service_client_free(struct service_client *client)
{
    if (!client)
        return;
    upstreams_close(&client->upstreams);
    free(client);
}

/* --- Views and metrics --------------------------------------------------------------- */

int service_client_view(struct service_client *client, struct buf *out)
{
    return view_write(&client->upstreams, out);
}

int service_client_explain(struct service_client *client, const char *service, const char *key, struct buf *out,
                           struct err *err)
{
    return view_explain(&client->upstreams, service, key, out, err);
}

void service_client_metrics(struct service_client *client, struct buf *out)
{
    client_metrics_write(&client->upstreams, out);
}
