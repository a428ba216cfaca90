#include "processes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "checker/text.h"
#include "loop/fiber.h"
#include "observers.h"

enum {
    POLL_MS = 50,          /* how soon the end of a process is noticed */
    DRAIN_LIMIT_MS = 4000, /* at the end: a service without calls needs 1 s */
    STOP_LIMIT_MS = 5000,
};

/* --- Ports ------------------------------------------------------------------------------- */

static void add_port_error(struct err *err, int number, const char *name, const char *variable)
{
    char line[200];
    snprintf(line, sizeof line,
             text_of(TEXT("cannot use port %d for %s: another program listens on it. If that is "
                          "`make up`: make down. Or, for any free port: make playground %s=0",
                          "端口 %d（供 %s 使用）已被其他程序占用。如果是 make up 启动的服务，"
                          "先执行 make down；也可以使用任意空闲端口：make playground %s=0")),
             number, name, variable);
    err_set(err, ERR_CONFLICT, "%s", line);
}

/* number 0: any free port. */
static int take_port(struct port *port, int64_t number, const char *name, const char *variable, struct err *err)
{
    if (number == 0)
        return port_take(port, err);
    if (port_prefer(port, (int)number, err) != 0)
        return -1;
    if (port->number == number)
        return 0;
    port_release(port);
    add_port_error(err, (int)number, name, variable);
    return -1;
}

/* --- Nodes -------------------------------------------------------------------------------- */

static struct node *add_node(struct processes *processes, enum node_kind kind, const char *id, struct err *err)
{
    struct node *node = model_add(processes->model, kind, id);
    struct process *process = node ? calloc(1, sizeof *process) : NULL;
    if (!process) {
        err_set(err, ERR_BUSY, "cannot add %s: the picture has %d nodes at most", id, NODES_MAX);
        if (node)
            model_remove(processes->model, node);
        return NULL;
    }
    process->proc = &process->service.proc;
    node->process = process;
    node->process_state = PROCESS_ENDED;
    node->is_next = true;
    return node;
}

static int add_server(struct processes *processes, enum node_kind kind, const char *id, struct server *server,
                      enum server_kind server_kind, int64_t port, struct err *err)
{
    if (server_init(server, server_kind, &processes->world.folder, err) != 0)
        return -1;
    if (port) {
        port_release(&server->port);
        if (take_port(&server->port, port, "Consul", "CONSUL_PORT", err) != 0)
            return -1;
        snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", server->port.number);
    }
    struct node *node = add_node(processes, kind, id, err);
    if (!node)
        return -1;
    node->process->server = server;
    node->process->proc = &server->proc;
    node->port = server->port.number;
    observe_node(processes->model, node);
    return 0;
}

static struct node *add_service(struct processes *processes, enum node_kind kind, const char *id, int64_t port,
                                const char *variable, struct err *err)
{
    struct port reserved = {0};
    if (take_port(&reserved, port, id, variable, err) != 0)
        return NULL;
    struct node *node = add_node(processes, kind, id, err);
    if (!node) {
        port_release(&reserved);
        return NULL;
    }
    node->process->port = reserved;
    node->port = reserved.number;
    observe_node(processes->model, node);
    return node;
}

static struct node *add_user(struct processes *processes, int number, int64_t port, struct err *err)
{
    char id[32];
    snprintf(id, sizeof id, "user-service-%d", number);
    struct node *node = add_service(processes, NODE_USERS, id, port, "USER_PORT", err);
    if (node)
        snprintf(node->version, sizeof node->version, "%s", PROJECT_VERSION);
    return node;
}

static int64_t user_port(const struct processes *processes, int number)
{
    int64_t first = processes->model->options->user_port;
    return first ? first + number - 1 : 0;
}

/* A service would fail to listen only later, when the other one already runs. */
static int check_ports_differ(const struct model *model, struct err *err)
{
    for (size_t i = 0; i < model->node_count; i++) {
        const struct node *node = model->nodes[i];
        if (node->port == model->options->port)
            return err_set(err, ERR_CONFLICT,
                           text_of(TEXT("port %d is set for %s and for the page", "端口 %d 同时分配给了 %s 和页面")),
                           node->port, node->id);
        for (size_t j = 0; j < i; j++)
            if (node->port == model->nodes[j]->port)
                return err_set(err, ERR_CONFLICT,
                               text_of(TEXT("port %d is set for %s and for %s", "端口 %d 同时分配给了 %s 和 %s")),
                               node->port, model->nodes[j]->id, node->id);
    }
    return 0;
}

int processes_open(struct processes *processes, struct model *model, struct err *err)
{
    const struct options *options = model->options;
    struct world *world = &processes->world;
    *processes = (struct processes){.model = model, .next_user = BASE_USERS + 1};
    if (folder_take(&world->folder, err) != 0 ||
        add_server(processes, NODE_CONSUL, "consul", &world->consul, SERVER_CONSUL, options->consul_port, err) != 0 ||
        (options->etcd && add_server(processes, NODE_ETCD, "etcd", &processes->etcd, SERVER_ETCD, 0, err) != 0) ||
        add_server(processes, NODE_POSTGRES, "postgres", &world->postgres, SERVER_POSTGRES, 0, err) != 0 ||
        add_server(processes, NODE_REDIS, "redis", &world->redis, SERVER_REDIS, 0, err) != 0 ||
        !add_service(processes, NODE_ORDERS, "order-service", options->order_port, "ORDER_PORT", err))
        return -1;
    world->postgres.options[0] = "-c";
    world->postgres.options[1] = "max_connections=500"; /* three for each of NODES_MAX services; the default is 100 */
    for (int number = 1; number <= BASE_USERS; number++)
        if (!add_user(processes, number, user_port(processes, number), err))
            return -1;
    return check_ports_differ(model, err);
}

/* --- Add and remove ------------------------------------------------------------------------- */

struct node *processes_add_user(struct processes *processes, int number, int weight, const char *zone,
                                const char *version, struct err *err)
{
    bool next = number == 0;
    struct port wanted = {0};
    if (next)
        number = processes->next_user;
    int64_t port = user_port(processes, number);
    if (port && (port_prefer(&wanted, (int)port, err) != 0 || wanted.number != port))
        port = 0; /* another program has it: any free one */
    port_release(&wanted);
    struct node *node = add_user(processes, number, port, err);
    if (!node)
        return NULL;
    processes->next_user += next;
    node->weight = weight;
    snprintf(node->zone, sizeof node->zone, "%s", zone);
    snprintf(node->version, sizeof node->version, "%s", *version ? version : PROJECT_VERSION);
    mark(processes->model, "added", node, "");
    if (process_start(processes, node, err) == 0)
        return node;
    port_release(&node->process->port);
    model_remove(processes->model, node);
    return NULL;
}

void processes_remove_user(struct processes *processes, struct node *node)
{
    struct err ignored = ERR_INIT; /* it is already draining, or has ended */
    node->process->remove_when_ended = true;
    process_stop(processes, node, &ignored);
}

bool processes_put_back(struct processes *processes, bool (*leaves)(const struct node *node, const void *arg),
                        const void *arg)
{
    bool done = true;
    for (size_t i = 0; i < processes->model->node_count; i++) {
        struct node *node = processes->model->nodes[i];
        struct err ignored = ERR_INIT; /* the next step tries again */
        bool goes = node->process->remove_when_ended || leaves(node, arg);
        if (goes && !node->process->remove_when_ended)
            processes_remove_user(processes, node);
        else if (node->process_state == PROCESS_HUNG)
            process_continue(processes, node, &ignored);
        else if (!goes && !node_is_alive(node))
            process_start(processes, node, &ignored);
        done = done && !goes && node->process_state == PROCESS_RUNNING;
    }
    return done;
}

/* --- The end of a process ---------------------------------------------------------------------- */

static void describe_end(int status, char *out, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(out, size, "signal %d", WTERMSIG(status));
    else
        snprintf(out, size, "exit code %d", WEXITSTATUS(status));
}

static void on_end(struct processes *processes, struct node *node)
{
    int status = node->process->proc->status;
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    char how[32];
    describe_end(status, how, sizeof how);
    node->process_state = killed ? PROCESS_KILLED : PROCESS_ENDED;
    node->pid = 0;
    node->health = HEALTH_UNKNOWN;
    snprintf(node->health_detail, sizeof node->health_detail, "%s", how);
    mark(processes->model, killed ? "killed" : node->process->asked_to_end ? "stopped" : "ended", node, how);
}

static void remove_ended(struct processes *processes, struct node *node)
{
    mark(processes->model, "removed", node, "");
    port_release(&node->process->port);
    model_remove(processes->model, node);
}

void processes_watch(void *arg)
{
    struct processes *processes = arg;
    struct model *model = processes->model;
    do {
        for (size_t i = model->node_count; i > 0; i--) { /* backwards: a node may be removed */
            struct node *node = model->nodes[i - 1];
            if (node_is_alive(node) && !proc_is_running(node->process->proc))
                on_end(processes, node);
            if (!node_is_alive(node) && node->process->remove_when_ended)
                remove_ended(processes, node);
        }
    } while (fiber_sleep(POLL_MS) == 0);
}

/* --- Close ------------------------------------------------------------------------------------------ */

/* What is still starting has no client and no data; and initdb would be waited for. */
static void stop_or_kill(struct processes *processes, struct node *node)
{
    struct err ignored = ERR_INIT;
    if (node->process_state == PROCESS_STARTING && !node_is_service(node))
        process_kill(processes, node, &ignored);
    else
        process_stop(processes, node, &ignored);
}

static void stop_kind(struct processes *processes, bool services)
{
    for (size_t i = 0; i < processes->model->node_count; i++)
        if (node_is_service(processes->model->nodes[i]) == services)
            stop_or_kill(processes, processes->model->nodes[i]);
}

static bool any_is_alive(struct processes *processes, bool services)
{
    bool alive = false;
    for (size_t i = 0; i < processes->model->node_count; i++) {
        struct node *node = processes->model->nodes[i];
        if (node_is_service(node) == services && proc_is_running(node->process->proc))
            alive = true;
    }
    return alive;
}

static void await_end(struct processes *processes, bool services, int64_t limit_ms)
{
    for (int64_t deadline = deadline_in(limit_ms); any_is_alive(processes, services) && deadline_left(deadline) > 0;)
        if (fiber_sleep(POLL_MS) != 0)
            return;
}

void processes_close(struct processes *processes)
{
    stop_kind(processes, true);
    await_end(processes, true, DRAIN_LIMIT_MS);
    stop_kind(processes, false);
    await_end(processes, false, STOP_LIMIT_MS);
    for (size_t i = 0; i < processes->model->node_count; i++) {
        struct process *process = processes->model->nodes[i]->process;
        proc_kill_all(process->proc, STOP_LIMIT_MS);
        port_release(&process->port);
        if (process->server)
            server_close(process->server);
    }
    folder_remove(&processes->world.folder);
}
