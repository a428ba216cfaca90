#include "client/service_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "client/attempt.h"
#include "client/backup.h"
#include "client/call_limit.h"
#include "client/client_metrics.h"
#include "client/upstream.h"
#include "client/view.h"
#include "net/http_client.h"

struct service_client {
    struct service_client_config config;
    struct upstreams upstreams;
    struct call_limit limit;
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

static struct balancer *balancer_of(const struct call_state *state, const struct balancer_peer *peer)
{
    return sides_balancer_of(&state->upstream->sides, peer);
}

/* --- Choose the next instance -------------------------------------------------------- */

typedef bool allow_fn(struct call_state *state, const struct balance_request *request);

/* The first attempt is always allowed. A retry needs an instance that was not tried, and
 * only then takes from the budget. A call's first attempt at a listed instance takes
 * nothing: when many instances vanish at once, more calls fail at missing instances than
 * the budget has retries, and no listed instance has had these calls yet. */
static bool allow_attempt(struct call_state *state, const struct balance_request *request)
{
    struct upstream *upstream = state->upstream;
    if (state->tried_count == 0)
        return true;
    const struct balancer_peer *next = sides_peek(&upstream->sides, request, clock_ms());
    if (!next)
        return false;
    bool is_first_listed = !state->tried_listed && !next->missing;
    bool allowed = is_first_listed || retry_budget_take(&upstream->budget, clock_ms());
    upstream->retries += allowed;
    upstream->retries_refused += !allowed;
    return allowed;
}

static bool has_attempts_left(const struct call_state *state)
{
    return state->tried_count < (size_t)state->client->config.call_attempts && deadline_left(state->deadline) > 0;
}

/* A backup is only worth its cost on an instance that works. */
static bool allow_backup(struct call_state *state, const struct balance_request *request)
{
    struct upstream *upstream = state->upstream;
    const struct balancer_peer *next = sides_peek(&upstream->sides, request, clock_ms());
    if (!next || outlier_is_out(&next->outlier))
        return false;
    bool allowed = retry_budget_take(&upstream->budget, clock_ms());
    upstream->backups += allowed;
    upstream->backups_refused += !allowed;
    return allowed;
}

/* An instance that was tried, left the list and came back has a new peer: it counts as
 * tried too. */
static void follow_tried(struct call_state *state)
{
    for (size_t i = 0; i < state->tried_count; i++)
        state->tried[i] = balancer_follow(balancer_of(state, state->tried[i]), state->tried[i]);
}

/* The instance for the next attempt; NULL: there is none. If nothing was tried yet,
 * reply->err then holds the cause. */
static struct balancer_peer *next_peer(struct call_state *state, allow_fn *allow)
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
        if (allow(state, &request))
            peer = sides_pick(&state->upstream->sides, &request, clock_ms());
    }
    state->reply->source = view.source;
    if (!peer && state->tried_count == 0 && view.list)
        route_excludes_all(&state->client->upstreams.route, view.list, &err);
    if (!peer && state->tried_count == 0)
        err_set(&state->reply->err, ERR_NOT_FOUND, "No healthy %.100s instances%s%s", state->call->service,
                err.code != ERR_NONE ? ": " : "", err.text);
    return peer;
}

/* --- One attempt --------------------------------------------------------------------- */

/* Reports the result to the balancer. If the registry no longer names the instance and
 * a call to it fails, the instance is gone: discovery removes it. */
static void report_attempt(struct call_state *state, struct balancer_peer *peer, const struct instance *called,
                           const struct attempt *attempt)
{
    if (attempt->outcome != SERVICE_OK && !attempt->blames_instance)
        return;
    if (instance_has_moved(called, peer->instance))
        return; /* a new list has it at another address: another process, which has done nothing */
    balancer_report(balancer_of(state, peer), peer, attempt->outcome == SERVICE_OK, clock_ms());
    if (attempt->outcome != SERVICE_OK && peer->missing)
        discovery_report_failure(state->client->config.discovery, state->call->service, peer->instance,
                                 attempt->outcome == SERVICE_TIMED_OUT);
}

/* One attempt at the instance tried[nth]. */
static struct attempt try_peer(struct call_state *state, size_t nth, struct service_reply *reply)
{
    const struct balancer_peer *peer = state->tried[nth];
    const struct service_client_config *config = &state->client->config;
    int64_t share_ms = config->call_timeout_ms / config->call_attempts;
    if (share_ms == 0)
        share_ms = 1; /* 10 ms for 16 attempts: an instance must have a chance to reply */
    int64_t deadline = deadline_min(state->deadline, deadline_in(share_ms));
    int64_t timeout_ms = deadline_left(deadline), began_us = clock_us();
    snprintf(reply->instance, sizeof reply->instance, "%s", peer->instance->id);

    /* While the attempt waits, a new list may replace the one that holds the instance. */
    struct instance_list *list = instance_list_ref(peer->list);
    bool was_missing = peer->missing;
    const struct instance *instance = peer->instance;
    struct attempt attempt = attempt_make(&config->transport, state->call, instance, deadline, reply);
    /* A timeout after less than half a share does not show that the instance hangs. */
    if (attempt.outcome == SERVICE_TIMED_OUT && timeout_ms * 2 < share_ms)
        attempt.blames_instance = false;
    const struct call_result result = {
        .instance = instance,
        .status = reply->status,
        .outcome = attempt.outcome,
        .duration_us = clock_us() - began_us,
    };
    if (!attempt.was_cancelled)
        call_metrics_add(&state->upstream->attempts, &result);
    /* (While a backup was chosen, tried[nth] may have changed.) */
    report_attempt(state, state->tried[nth], instance, &attempt);
    instance_list_unref(list);
    state->failed_at_missing |= attempt.outcome != SERVICE_OK && !attempt.was_cancelled && was_missing;
    state->tried_listed |= !was_missing;
    return attempt;
}

/* --- An attempt and its backup ------------------------------------------------------- */

struct pair {
    struct call_state *state;
    size_t first; /* the first attempt is at tried[first], the backup at the next one */
};

static struct attempt try_of_pair(void *arg, int which, struct service_reply *reply)
{
    const struct pair *pair = arg;
    return try_peer(pair->state, pair->first + (size_t)which, reply);
}

static bool choose_backup(void *arg)
{
    struct call_state *state = ((struct pair *)arg)->state;
    if (!has_attempts_left(state) || !call_limit_try(&state->client->limit))
        return false;
    struct balancer_peer *peer = next_peer(state, allow_backup);
    if (peer)
        state->tried[state->tried_count++] = peer;
    else
        call_limit_end(&state->client->limit);
    return peer;
}

static struct attempt try_with_backup(struct call_state *state)
{
    struct pair pair = {state, state->tried_count - 1};
    struct instance_list *list = instance_list_ref(state->tried[pair.first]->list); /* keeps `called` alive */
    const struct instance *called = state->tried[pair.first]->instance;
    const struct backup backup = {state->client->config.backup_after_ms, try_of_pair, choose_backup, &pair};
    struct backup_result result = backup_run(&backup, state->reply);
    if (state->tried_count > pair.first + 1)
        call_limit_end(&state->client->limit);
    struct balancer_peer *first = state->tried[pair.first]; /* may have changed meanwhile */
    state->upstream->backups_won += result.won;
    if (result.won && !instance_has_moved(called, first->instance))
        balancer_note_overtaken(balancer_of(state, first), first, clock_ms());
    instance_list_unref(list);
    return result.attempt;
}

/* An instance that is out gets this call as a test, and only its own result can end the test. If a backup ended it
 * each time, a hung instance would be tested for ever. */
static struct attempt try_newest(struct call_state *state)
{
    size_t newest = state->tried_count - 1;
    bool is_test = outlier_is_out(&state->tried[newest]->outlier);
    if (state->client->config.backup_after_ms > 0 && !is_test)
        return try_with_backup(state);
    return try_peer(state, newest, state->reply);
}

/* --- One call: its attempts ---------------------------------------------------------- */

static enum service_outcome run_attempts(struct call_state *state)
{
    enum service_outcome outcome = SERVICE_NO_INSTANCE;
    struct balancer_peer *peer = next_peer(state, allow_attempt);
    while (peer) {
        state->tried[state->tried_count++] = peer;
        struct attempt attempt = try_newest(state);
        outcome = attempt.outcome;
        if (!attempt.may_retry || !has_attempts_left(state))
            break;
        peer = next_peer(state, allow_attempt);
    }
    return outcome;
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
    if (call_limit_wait(&client->limit, state.deadline, &reply->err) == 0) {
        retry_budget_call(&state.upstream->budget, clock_ms());
        reply->outcome = run_attempts(&state);
        call_limit_end(&client->limit);
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
    const struct balancer_config balancer = {.policy = config->policy, .caller = config->id, .zone = config->zone,
                                             .slow_start_ms = config->slow_start_ms};
    if (upstreams_init(&client->upstreams, config->discovery, &balancer, &config->route) != 0) {
        upstreams_close(&client->upstreams);
        free(client);
        return NULL;
    }
    client->config = *config;
    client->limit.max = config->max_calls;
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

/* --- Change -------------------------------------------------------------------------- */

int service_client_set_policy(struct service_client *client, enum balance_policy policy)
{
    return upstreams_set_policy(&client->upstreams, policy);
}

void service_client_set_call_timeout(struct service_client *client, int64_t call_timeout_ms)
{
    client->config.call_timeout_ms = call_timeout_ms;
}

int service_client_set_canary(struct service_client *client, const struct canary *canary)
{
    return upstreams_set_canary(&client->upstreams, canary);
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
