/* Asks each node how it is: a service for its /health, a server for a query. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "loop/offload.h"
#include "observers.h"
#include "process.h"

enum {
    PERIOD_MS = 500,
    PERIOD_PER_NODE_MS = 20, /* 50 instances are asked 50 times a second together */
    SERVER_PERIOD_MS = 1000, /* a connection to PostgreSQL starts a process there */
};

struct watch {
    struct model *model;
    struct node *node;
};

/* --- What a node has answered ------------------------------------------------------------ */

static void set_health(struct model *model, struct node *node, enum health health, const char *detail)
{
    if (node->process_state == PROCESS_STARTING && health != HEALTH_UNKNOWN) {
        node->process_state = PROCESS_RUNNING;
        mark(model, "started", node, "");
    }
    node->health = health;
    snprintf(node->health_detail, sizeof node->health_detail, "%s", detail);
}

/* In observe mode PostgreSQL and Redis are seen through the checks of the services that use them. */
static void copy_to_server(struct model *model, enum node_kind kind, const json_t *check)
{
    struct node *server = model_first(model, kind);
    if (!check || !server || server->process)
        return;
    bool good = strcmp(text_member(check, "status"), "healthy") == 0;
    set_health(model, server, good ? HEALTH_GOOD : HEALTH_BAD, text_member(check, "detail"));
}

/* "redis: connection refused; disk: …", the unhealthy ones. */
static void describe_checks(json_t *checks, char *out, size_t size)
{
    const char *name;
    json_t *check;
    size_t len = 0;
    out[0] = '\0';
    json_object_foreach(checks, name, check) {
        if (strcmp(text_member(check, "status"), "healthy") == 0 || len >= size)
            continue;
        len += (size_t)snprintf(out + len, size - len, "%s%s: %s", len ? "; " : "", name, text_member(check, "detail"));
    }
}

static enum health health_of(int status, const json_t *body)
{
    if (status == 200)
        return HEALTH_GOOD;
    return strcmp(text_member(body, "status"), "draining") == 0 ? HEALTH_DRAINING : HEALTH_BAD;
}

/* --- Asking --------------------------------------------------------------------------------- */

/* False: a process that starts, hangs or has ended since then may not answer, and its state says why. */
static bool is_expected_to_answer(const struct node *node)
{
    return node->process_state == PROCESS_UNKNOWN || node->process_state == PROCESS_RUNNING;
}

static void ask_service(struct model *model, struct node *node)
{
    struct err err = ERR_INIT;
    char detail[DETAIL_MAX];
    json_t *body;
    int status = ask_node(model, node, "/health", &body, &err);
    json_t *checks = json_object_get(body, "checks");
    describe_checks(checks, detail, sizeof detail);
    if (status != 0)
        set_health(model, node, health_of(status, body), detail);
    else if (is_expected_to_answer(node) && err.code != ERR_CANCELLED)
        set_health(model, node, HEALTH_BAD, err.text);
    copy_to_server(model, NODE_POSTGRES, json_object_get(checks, "postgres"));
    copy_to_server(model, NODE_REDIS, json_object_get(checks, "redis"));
    json_decref(body);
}

/* The harness's query blocks, so it runs on a thread. */
struct query {
    struct server server;
    bool answers;
};

static void run_query(void *arg)
{
    struct query *query = arg;
    query->answers = server_answers(&query->server);
}

static void ask_store(struct model *model, struct node *node)
{
    static const struct offload_job job = {.work = run_query};
    struct err err = ERR_INIT;
    struct query query = {.server = *node->process->server};
    bool ended = offload_run(&job, &query, sizeof query, deadline_in(ASK_LIMIT_MS), &err) == 0;
    if (ended && query.answers)
        set_health(model, node, HEALTH_GOOD, "");
    else if (is_expected_to_answer(node) && err.code != ERR_CANCELLED)
        set_health(model, node, HEALTH_BAD, "it does not answer a query");
}

static void ask_consul(struct model *model, struct node *node)
{
    struct err err = ERR_INIT;
    json_t *leader, *peers = NULL;
    char detail[DETAIL_MAX];
    int status = ask_node(model, node, "/v1/status/leader", &leader, &err);
    bool has_leader = status == 200 && json_string_length(leader) > 0;
    if (has_leader)
        ask_node(model, node, "/v1/status/peers", &peers, &err);
    snprintf(detail, sizeof detail, "leader, %zu server%s", json_array_size(peers), json_array_size(peers) == 1 ? "" : "s");
    if (has_leader)
        set_health(model, node, HEALTH_GOOD, detail);
    else if (is_expected_to_answer(node) && err.code != ERR_CANCELLED)
        set_health(model, node, HEALTH_BAD, status ? "no leader" : err.text);
    json_decref(leader);
    json_decref(peers);
}

static void ask_etcd(struct model *model, struct node *node)
{
    struct err err = ERR_INIT;
    json_t *body;
    int status = ask_node(model, node, "/health", &body, &err);
    if (status == 200 && strcmp(text_member(body, "health"), "true") == 0)
        set_health(model, node, HEALTH_GOOD, "leader, 1 server");
    else if (is_expected_to_answer(node) && err.code != ERR_CANCELLED)
        set_health(model, node, HEALTH_BAD, status ? "no leader" : err.text);
    json_decref(body);
}

static void ask(struct model *model, struct node *node)
{
    switch (node->kind) {
    case NODE_CONSUL:
        ask_consul(model, node);
        break;
    case NODE_ETCD:
        ask_etcd(model, node);
        break;
    case NODE_POSTGRES:
    case NODE_REDIS:
        ask_store(model, node);
        break;
    default:
        ask_service(model, node);
    }
}

/* --- The fiber of a node ------------------------------------------------------------------------ */

static bool can_be_asked(const struct node *node)
{
    bool is_store = node->kind == NODE_POSTGRES || node->kind == NODE_REDIS;
    return node_is_alive(node) && node->process_state != PROCESS_HUNG && node->port != 0 && (node->process || !is_store);
}

static int64_t period_of(const struct model *model, const struct node *node)
{
    if (node->process_state == PROCESS_STARTING)
        return PERIOD_MS / 5;
    if (!node_is_service(node))
        return SERVER_PERIOD_MS;
    int64_t all = (int64_t)model->node_count * PERIOD_PER_NODE_MS;
    return all > PERIOD_MS ? all : PERIOD_MS;
}

static void watch_node(void *arg)
{
    struct watch *watch = arg;
    struct node *node = watch->node;
    do {
        if (can_be_asked(node))
            ask(watch->model, node);
    } while (!node->removed && fiber_sleep(period_of(watch->model, node)) == 0 && !node->removed);
    node->watched = false;
    if (node->removed)
        node_free(node);
    free(watch);
}

void observe_node(struct model *model, struct group *fibers, struct node *node)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return;
    *watch = (struct watch){model, node};
    node->watched = group_go(fibers, watch_node, watch) == 0;
    if (!node->watched)
        free(watch);
}
