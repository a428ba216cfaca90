/* make playground: a page that shows the lesson's system at work, and lets a person break it.
 *
 * This file creates the parts and connects them. In control mode the playground starts Consul, PostgreSQL,
 * Redis and the services itself. With --observe it only looks at services that run.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "checker/text.h"
#include "events.h"
#include "load.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/sync.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/json.h"
#include "observers.h"
#include "reset.h"
#include "routes.h"
#include "service/healthcheck.h"
#include "processes.h"

enum {
    CALL_CONNECTIONS = 256, /* kept alive: to order-service under load, and one to each node */
    REQUESTS_MAX = 256,
    CLOSE_LIMIT_MS = 1000,
    SIGNAL_POLL_MS = 100,
    INSTANCE_LIMIT_MS = 20000, /* registration waits for up to 2 s, the first check for 1 s */
    EXPLANATION_MAX = 256 * 1024,
};

struct program {
    struct options options;
    struct model model;
    struct processes processes;
    struct events events;
    struct control control;
    struct playground playground;
    struct http_server *server;
    struct group fibers;
    struct err err;
    bool failed;
};

/* --- Start ----------------------------------------------------------------------------- */

/* Calls before the first instance is passing would only fail. */
static void await_instance(const struct model *model)
{
    for (int64_t deadline = deadline_in(INSTANCE_LIMIT_MS); deadline_left(deadline) > 0;) {
        for (size_t i = 0; i < model->node_count; i++)
            if (model->nodes[i]->orders == LISTING_PASSING)
                return;
        if (fiber_sleep(SIGNAL_POLL_MS) != 0)
            return;
    }
}

static void bring_up(void *arg)
{
    struct program *program = arg;
    program->model.load_holds++;
    if (processes_bring_up(&program->processes, &program->err) == 0)
        await_instance(&program->model);
    else
        program->failed = program->err.code != ERR_CANCELLED;
    program->model.load_holds--;
}

static void add_observed(struct program *program, enum node_kind kind, const char *id, const struct url *url)
{
    struct node *node = model_add(&program->model, kind, id);
    if (!node)
        return;
    if (url) {
        snprintf(node->host, sizeof node->host, "%s", url->host);
        node->port = url->port;
    }
    observe_node(&program->model, node);
}

static void add_all_observed(struct program *program)
{
    add_observed(program, NODE_CONSUL, "consul", &program->options.consul_url);
    add_observed(program, NODE_POSTGRES, "postgres", NULL);
    add_observed(program, NODE_REDIS, "redis", NULL);
    add_observed(program, NODE_ORDERS, "order-service", &program->options.orders_url);
}

static int listen_on(struct program *program)
{
    const struct options *options = &program->options;
    const struct http_server_config config = {
        .address = options->bind_address,
        .port = (uint16_t)options->port,
        .served_by = "playground",
        .routes = playground_routes,
        .route_count = playground_route_count,
        .arg = &program->playground,
        .max_requests = REQUESTS_MAX,
    };
    program->server = http_server_new(&config, &program->err);
    if (program->server)
        return 0;
    if (program->err.code == ERR_CONFLICT) {
        const char *advice =
            text_of(TEXT("cannot use port %d for the page: another program listens on it. If that is another "
                         "playground: open http://127.0.0.1:%d. Or: make playground PLAYGROUND_PORT=N",
                         "页面端口 %d 已被其他程序占用。如果是另一个 playground，直接打开 http://127.0.0.1:%d；"
                         "也可以换端口：make playground PLAYGROUND_PORT=N"));
        int port = (int)options->port;
        err_clear(&program->err);
        snprintf(program->err.text, sizeof program->err.text, advice, port, port);
    }
    return -1;
}

static void start_fibers(struct program *program)
{
    struct group *fibers = &program->fibers;
    group_go(fibers, events_run, &program->events);
    group_go(fibers, load_run, &program->model);
    group_go(fibers, observe_orders, &program->model);
    group_go(fibers, observe_consul, &program->model);
    if (program->options.observes)
        return;
    group_go(fibers, processes_watch, &program->processes);
    group_go(fibers, bring_up, program);
}

static void prepare(struct program *program)
{
    struct model *model = &program->model;
    *model = (struct model){
        .options = &program->options, .http = http_client_new(CALL_CONNECTIONS), .fibers = &program->fibers};
    model->knowledge.passed_over = (struct buf)BUF_INIT(EXPLANATION_MAX);
    model->scenario.seen = (struct buf)BUF_INIT(EXPLANATION_MAX);
    model->scenario.output = (struct buf)BUF_INIT(EXPLANATION_MAX);
    reset_defaults(model);
    events_init(&program->events, model);
    program->control = (struct control){.model = model};
    program->playground = (struct playground){&program->events, &program->control};
}

static int open_nodes(struct program *program)
{
    if (program->options.observes) {
        add_all_observed(program);
        return 0;
    }
    program->control.processes = &program->processes;
    return processes_open(&program->processes, &program->model, &program->err);
}

/* --- End --------------------------------------------------------------------------------- */

/* A second signal ends the program at once; the kernel then kills what it has started. */
static void end_on_second_signal(void *arg)
{
    (void)arg;
    if (loop_next_signal(DEADLINE_NONE))
        _exit(130);
}

static void close_parts(struct program *program)
{
    struct group impatient = {0};
    group_go(&impatient, end_on_second_signal, NULL);
    if (program->server)
        http_server_close(program->server, deadline_in(CLOSE_LIMIT_MS));
    group_cancel(&program->fibers);
    group_join(&program->fibers);
    if (program->control.processes)
        processes_close(&program->processes);
    group_cancel(&impatient);
    group_join(&impatient);

    struct model *model = &program->model;
    while (model->node_count > 0)
        model_remove(model, model->nodes[model->node_count - 1]);
    seconds_close(&model->seconds);
    buf_close(&model->knowledge.passed_over);
    buf_close(&model->scenario.seen);
    buf_close(&model->scenario.output);
    events_close(&program->events);
    http_client_free(model->http);
}

static void run(void *arg)
{
    struct program *program = arg;
    loop_catch_signals();
    prepare(program);
    /* The page's port first: if it is in use, a playground probably runs already. */
    if (listen_on(program) == 0 && open_nodes(program) == 0) {
        start_fibers(program);
        printf(text_of(TEXT("playground: http://127.0.0.1:%u (Ctrl-C ends it, and all that it has started)\n",
                            "playground：http://127.0.0.1:%u （按 Ctrl-C 结束，它启动的进程也一并结束）\n")),
               http_server_port(program->server));
        fflush(stdout);
        while (!program->failed && !loop_next_signal(deadline_in(SIGNAL_POLL_MS))) {
        }
    } else {
        program->failed = true;
    }
    close_parts(program);
    loop_release_signals();
}

/* A closed terminal ends the program as Ctrl-C does. It may send this signal twice, which must not count as
 * impatience: see end_on_second_signal(). */
static void on_hangup(int signum)
{
    signal(signum, SIG_IGN);
    kill(getpid(), SIGTERM);
}

static void catch_hangup(void)
{
    if (signal(SIGHUP, on_hangup) == SIG_IGN)
        signal(SIGHUP, SIG_IGN); /* nohup */
}

static int check_health(const struct options *options)
{
    const struct settings settings = {.bind_address = options->bind_address, .port = options->port};
    return healthcheck_run(&settings);
}

int main(int argc, char **argv)
{
    static struct program program = {.err = ERR_INIT};
    enum options_action action;
    if (options_read(&program.options, argc, argv, &action, &program.err) != 0) {
        fprintf(stderr, "playground: %s\n", program.err.text);
        return 2;
    }
    if (action == OPTIONS_HELP) {
        options_help();
        return 0;
    }
    if (action == OPTIONS_HEALTHCHECK)
        return check_health(&program.options);
    catch_hangup();
    json_init();
    loop_open();
    loop_run(run, &program);
    loop_close();
    if (program.failed)
        fprintf(stderr, "playground: %s\n", program.err.text);
    return program.failed;
}
