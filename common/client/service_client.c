#include "client/service_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/client_internal.h"
#include "net/http_client.h"

/* --- Life --------------------------------------------------------------------------------- */

static int call_by_http(void *arg, const struct http_call *call, struct http_response *response, struct err *err)
{
    return http_call(arg, call, response, err);
}

struct service_client *service_client_new(const struct service_client_config *config)
{
    struct service_client *client = calloc(1, sizeof *client);
    char *zone = strdup(config->zone);
    if (!client || !zone) {
        free(client);
        free(zone);
        return NULL;
    }
    client->config = *config;
    client->zone = zone;
    if (!client->config.transport.call)
        client->config.transport = (struct service_transport){call_by_http, config->http};
    if (client->config.call_attempts > SERVICE_ATTEMPTS_MAX)
        client->config.call_attempts = SERVICE_ATTEMPTS_MAX;
    return client;
}

static void upstream_free(struct upstream *upstream)
{
    balancer_free(upstream->balancer);
    call_metrics_close(&upstream->attempts);
    free(upstream->service);
    free(upstream);
}

void service_client_free(struct service_client *client)
{
    while (client && client->upstreams) {
        struct upstream *upstream = client->upstreams;
        client->upstreams = upstream->next;
        upstream_free(upstream);
    }
    if (client)
        free(client->zone);
    free(client);
}

struct upstream *client_upstream(struct service_client *client, const char *service)
{
    struct upstream *upstream = client->upstreams;
    while (upstream && strcmp(upstream->service, service) != 0)
        upstream = upstream->next;
    if (upstream || !(upstream = calloc(1, sizeof *upstream)))
        return upstream;

    upstream->service = strdup(service);
    upstream->balancer = balancer_new(client->config.policy, client->zone);
    if (!upstream->service || !upstream->balancer) {
        upstream_free(upstream);
        return NULL;
    }
    upstream->next = client->upstreams;
    client->upstreams = upstream;
    return upstream;
}

void upstream_sync(struct upstream *upstream, const struct discovery_view *view)
{
    if (view->list && view->version != upstream->version &&
        balancer_update(upstream->balancer, view->list, view->missing) == 0)
        upstream->version = view->version;
}

/* --- One call -------------------------------------------------------------------------------- */

struct progress {
    struct service_client *client;
    struct upstream *upstream;
    const struct service_call *call;
    struct service_reply *reply;
    int64_t deadline;
    struct balancer_peer *tried[SERVICE_ATTEMPTS_MAX];
    size_t tried_count;
};

/* The first attempt is free. A retry needs somebody to go to, and then the budget. */
static bool may_pick(struct progress *progress, const struct balance_request *request)
{
    struct upstream *upstream = progress->upstream;
    if (progress->tried_count == 0)
        return true;
    if (!balancer_peek(upstream->balancer, request, clock_ms()))
        return false;
    bool allowed = retry_budget_take(&upstream->budget, clock_ms());
    upstream->retries += allowed;
    upstream->retries_refused += !allowed;
    return allowed;
}

/* What was tried stays tried, even where it left the list meanwhile and came back. */
static void follow_tried(struct progress *progress)
{
    for (size_t i = 0; i < progress->tried_count; i++)
        progress->tried[i] = balancer_follow(progress->upstream->balancer, progress->tried[i]);
}

/* Who is next, among those not tried yet; NULL: nobody, and reply->err says why
 * where nothing was tried at all. */
static struct balancer_peer *next_peer(struct progress *progress)
{
    struct discovery_view view;
    struct err err = ERR_INIT;
    struct discovery *discovery = progress->client->config.discovery;
    struct balancer_peer *peer = NULL;
    if (discovery_get(discovery, progress->call->service, progress->deadline, &view, &err) == 0) {
        upstream_sync(progress->upstream, &view);
        follow_tried(progress);
        const struct balance_request request = {
            .key = progress->call->key, .tried = progress->tried, .tried_count = progress->tried_count};
        if (may_pick(progress, &request))
            peer = balancer_pick(progress->upstream->balancer, &request, clock_ms());
    }
    progress->reply->source = view.source;
    if (!peer && progress->tried_count == 0)
        err_set(&progress->reply->err, ERR_NOT_FOUND, "No healthy %.100s instances%s%s", progress->call->service,
                err.code != ERR_NONE ? ": " : "", err.text);
    return peer;
}

/* What the attempt showed goes back to where the next decision is made. */
static void report(struct progress *progress, struct balancer_peer *peer, const struct attempt *attempt)
{
    if (attempt->outcome != SERVICE_OK && !attempt->blames_instance)
        return;
    balancer_report(progress->upstream->balancer, peer, attempt->outcome == SERVICE_OK, clock_ms());
    if (attempt->outcome != SERVICE_OK && peer->missing)
        discovery_report_failure(progress->client->config.discovery, progress->call->service, peer->instance->id);
}

static struct attempt try_peer(struct progress *progress, struct balancer_peer *peer)
{
    const struct service_client_config *config = &progress->client->config;
    int64_t share_ms = config->call_timeout_ms / config->call_attempts;
    int64_t deadline = deadline_min(progress->deadline, deadline_in(share_ms));
    int64_t had_ms = deadline_left(deadline), began_us = clock_us();
    snprintf(progress->reply->instance, sizeof progress->reply->instance, "%s", peer->instance->id);

    /* While it waits, a new list may come and take the place of this one. */
    struct instance_list *list = instance_list_ref(peer->list);
    const struct instance *instance = peer->instance;
    struct attempt attempt = attempt_make(progress->client, progress->call, instance, deadline, progress->reply);
    /* One that got only what others had left of the time did not show that it hangs. */
    if (attempt.outcome == SERVICE_TIMED_OUT && had_ms * 2 < share_ms)
        attempt.blames_instance = false;
    const struct call_result result = {
        .instance = instance,
        .status = progress->reply->status,
        .outcome = attempt.outcome,
        .duration_us = clock_us() - began_us,
    };
    call_metrics_add(&progress->upstream->attempts, &result);
    instance_list_unref(list);
    report(progress, peer, &attempt);
    return attempt;
}

static bool has_attempts_left(const struct progress *progress)
{
    return progress->tried_count < (size_t)progress->client->config.call_attempts &&
           deadline_left(progress->deadline) > 0;
}

static enum service_outcome run_attempts(struct progress *progress)
{
    enum service_outcome outcome = SERVICE_NO_INSTANCE;
    struct balancer_peer *peer = next_peer(progress);
    while (peer) {
        progress->tried[progress->tried_count++] = peer;
        struct attempt attempt = try_peer(progress, peer);
        outcome = attempt.outcome;
        if (!attempt.may_retry || !has_attempts_left(progress))
            break;
        peer = next_peer(progress);
    }
    return outcome;
}

static void reply_reset(struct service_reply *reply)
{
    buf_clear(&reply->body);
    err_clear(&reply->err);
    reply->status = 0;
    reply->instance[0] = '\0';
    reply->source = "";
}

void service_client_get(struct service_client *client, const struct service_call *call, struct service_reply *reply)
{
    struct progress progress = {.client = client, .call = call, .reply = reply};
    reply_reset(reply);
    progress.deadline = deadline_min(call->deadline, deadline_in(client->config.call_timeout_ms));
    progress.upstream = client_upstream(client, call->service);
    if (!progress.upstream) {
        reply->outcome = SERVICE_NO_INSTANCE;
        err_set(&reply->err, ERR_BUSY, "No healthy %.100s instances: out of memory", call->service);
        return;
    }
    retry_budget_call(&progress.upstream->budget, clock_ms());
    reply->outcome = run_attempts(&progress);
    progress.upstream->calls[reply->outcome]++;
    for (size_t i = 0; i < progress.tried_count; i++)
        balancer_release(progress.tried[i]);
}

void service_reply_close(struct service_reply *reply)
{
    buf_close(&reply->body);
}
