/* view: what the client knows and would do, for people: /discovery and
 * /discovery/explain. Looks, and changes nothing. */
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

struct upstream *client_look(struct service_client *client, const char *service, struct discovery_view *view)
{
    if (discovery_look(client->config.discovery, service, view) != 0)
        return NULL;
    struct upstream *upstream = client_upstream(client, service);
    if (upstream) {
        upstream_sync(upstream, view);
        balancer_settle(upstream->balancer, clock_ms());
    }
    return upstream;
}

const char *client_status_name(const struct balancer_peer *peer)
{
    return peer->missing ? "missing" : instance_status_name(instance_overall_status(peer->instance));
}

/* --- /discovery ------------------------------------------------------------------------------ */

static json_t *peer_new(const struct balancer_peer *peer)
{
    const struct instance *instance = peer->instance;
    json_t *tree = json_object();
    json_object_set_new(tree, "id", text_new(instance->id));
    json_object_set_new(tree, "address", text_new(instance->address));
    json_object_set_new(tree, "port", json_integer(instance->port));
    json_object_set_new(tree, "weight", json_integer(instance->weight));
    json_object_set_new(tree, "zone", text_new(instance->zone));
    json_object_set_new(tree, "status", json_string(client_status_name(peer)));
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
        struct upstream *upstream = client_look(client, service, &view);
        if (!upstream)
            continue;
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
    struct upstream *upstream = client_look(client, service, &view);
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
