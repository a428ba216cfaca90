/* view: what the client knows and would do, for people: /discovery,
 * /discovery/explain, /metrics. Looks, and changes nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/client_internal.h"

/* JSON must be UTF-8, and what registries and their errors say need not be (an
 * error text may also be cut in the middle of a character). */
static json_t *text_new(const char *text)
{
    json_t *string = json_string(text);
    char *copy = string ? NULL : strdup(text);
    if (!copy)
        return string;
    for (char *p = copy; *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    string = json_string(copy);
    free(copy);
    return string;
}

static struct upstream *look(struct service_client *client, const char *service, struct discovery_view *view)
{
    if (discovery_look(client->config.discovery, service, view) != 0)
        return NULL;
    struct upstream *upstream = client_upstream(client, service);
    if (upstream)
        upstream_sync(upstream, view);
    return upstream;
}

/* --- /discovery ------------------------------------------------------------------------------ */

static json_t *peer_new(const struct balancer_peer *peer)
{
    const struct instance *instance = peer->instance;
    const char *status = peer->missing ? "missing" : instance_status_name(instance_overall_status(instance));
    json_t *tree = json_object();
    json_object_set_new(tree, "id", text_new(instance->id));
    json_object_set_new(tree, "address", text_new(instance->address));
    json_object_set_new(tree, "port", json_integer(instance->port));
    json_object_set_new(tree, "weight", json_integer(instance->weight));
    json_object_set_new(tree, "zone", text_new(instance->zone));
    json_object_set_new(tree, "status", json_string(status));
    json_object_set_new(tree, "ejected", json_boolean(outlier_is_ejected(&peer->outlier)));
    json_object_set_new(tree, "picks", json_integer((json_int_t)peer->picks));
    return tree;
}

static json_t *service_new(struct upstream *upstream, const struct discovery_view *view)
{
    json_t *instances = json_array();
    for (size_t i = 0; i < balancer_count(upstream->balancer); i++)
        json_array_append_new(instances, peer_new(balancer_at(upstream->balancer, i)));

    json_t *tree = json_object();
    json_object_set_new(tree, "source", json_string(view->list ? view->source : "none"));
    json_object_set_new(tree, "age_ms", json_integer(view->age_ms));
    json_object_set_new(tree, "index", json_integer((json_int_t)view->index));
    json_object_set_new(tree, "last_error", view->last_error ? text_new(view->last_error) : json_null());
    json_object_set_new(tree, "panic", json_boolean(balancer_in_panic(upstream->balancer)));
    json_object_set_new(tree, "instances", instances);
    return tree;
}

json_t *service_client_view_new(struct service_client *client)
{
    json_t *services = json_object();
    for (size_t i = 0; i < discovery_count(client->config.discovery); i++) {
        struct discovery_view view;
        const char *service = discovery_service(client->config.discovery, i);
        struct upstream *upstream = look(client, service, &view);
        if (!upstream)
            continue;
        balancer_settle(upstream->balancer, clock_ms());
        json_object_set_new(services, service, service_new(upstream, &view));
    }
    json_t *tree = json_object();
    json_object_set_new(tree, "services", services);
    return tree;
}

/* --- /discovery/explain ------------------------------------------------------------------------ */

static json_t *passed_over_new(const struct balancer *balancer, int64_t now_ms)
{
    json_t *passed_over = json_array();
    for (size_t i = 0; i < balancer_count(balancer); i++) {
        const struct balancer_peer *peer = balancer_at(balancer, i);
        char text[640];
        const char *reason = balancer_why_not(balancer, peer, now_ms, text, sizeof text);
        if (!reason)
            continue;
        json_t *entry = json_object();
        json_object_set_new(entry, "id", text_new(peer->instance->id));
        json_object_set_new(entry, "reason", text_new(reason));
        json_array_append_new(passed_over, entry);
    }
    return passed_over;
}

json_t *service_client_explain_new(struct service_client *client, const char *service, const char *key)
{
    struct discovery_view view;
    struct upstream *upstream = look(client, service, &view);
    if (!upstream)
        return NULL;
    int64_t now_ms = clock_ms();
    const struct balance_request request = {.key = key};
    const struct balancer_peer *next = balancer_peek(upstream->balancer, &request, now_ms);

    json_t *tree = json_object();
    json_object_set_new(tree, "tier", json_string(view.list ? view.source : "none"));
    json_object_set_new(tree, "instance", next ? text_new(next->instance->id) : json_null());
    json_object_set_new(tree, "passed_over", passed_over_new(upstream->balancer, now_ms));
    return tree;
}

/* --- /metrics ------------------------------------------------------------------------------------ */

static void write_calls(const struct service_client *client, struct buf *out)
{
    static const char *const names[SERVICE_OUTCOMES] = {
        [SERVICE_OK] = "ok",         [SERVICE_NO_INSTANCE] = "no_instance", [SERVICE_UNREACHABLE] = "unreachable",
        [SERVICE_FAILED] = "failed", [SERVICE_BROKEN] = "broken",           [SERVICE_TIMED_OUT] = "timed_out",
    };
    metrics_head(out, "service_calls_total", "counter", "Calls of other services, by what came of them.");
    for (const struct upstream *upstream = client->upstreams; upstream; upstream = upstream->next) {
        for (int i = 0; i < SERVICE_OUTCOMES; i++) {
            char service[300], labels[340];
            metrics_label(service, sizeof service, "service", upstream->service);
            snprintf(labels, sizeof labels, "%s,outcome=\"%s\"", service, names[i]);
            metrics_value(out, "service_calls_total", labels, (int64_t)upstream->calls[i]);
        }
    }
}

static void write_one_each(const struct service_client *client, struct buf *out, const char *name, const char *help,
                           uint64_t (*number)(const struct upstream *upstream))
{
    metrics_head(out, name, "counter", help);
    for (const struct upstream *upstream = client->upstreams; upstream; upstream = upstream->next) {
        char label[300];
        metrics_label(label, sizeof label, "service", upstream->service);
        metrics_value(out, name, label, (int64_t)number(upstream));
    }
}

static uint64_t retries_of(const struct upstream *upstream)
{
    return upstream->retries;
}

static uint64_t refused_of(const struct upstream *upstream)
{
    return upstream->retries_refused;
}

static uint64_t ejections_of(const struct upstream *upstream)
{
    return balancer_ejections(upstream->balancer);
}

void service_client_metrics(struct service_client *client, struct buf *out)
{
    write_calls(client, out);
    write_one_each(client, out, "service_call_retries_total", "Further attempts.", retries_of);
    write_one_each(client, out, "service_call_retries_refused_total", "Retries that the budget did not allow.",
                   refused_of);
    write_one_each(client, out, "instance_ejections_total", "Instances left alone for a while because they failed.",
                   ejections_of);
    metrics_head(out, "http_client_request_duration_seconds", "histogram", "One attempt of a call.");
    for (const struct upstream *upstream = client->upstreams; upstream; upstream = upstream->next) {
        char label[300];
        metrics_label(label, sizeof label, "service", upstream->service);
        metrics_histogram(out, "http_client_request_duration_seconds", label, &upstream->durations);
    }
}
