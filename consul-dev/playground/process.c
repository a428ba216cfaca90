#include "process.h"

#include <signal.h>

#include "service_env.h"

/* --- Signals -------------------------------------------------------------------------------- */

static int unfit(const struct node *node, const char *action, struct err *err)
{
    static const char *const states[] = {"unknown", "starting", "running", "hung", "draining", "ended", "killed"};
    return err_set(err, ERR_CONFLICT, "cannot %s %.60s: it is %s", action, node->id, states[node->process_state]);
}

static void end_with(struct node *node, int signum)
{
    bool hung = node->process_state == PROCESS_HUNG;
    node->process->asked_to_end = true;
    node->process_state = PROCESS_DRAINING;
    proc_signal(node->process->proc, signum);
    if (hung) /* a stopped process handles no signal but SIGKILL */
        proc_resume(node->process->proc);
}

int process_stop(struct processes *processes, struct node *node, struct err *err)
{
    if (!node_is_alive(node) || node->process_state == PROCESS_DRAINING)
        return unfit(node, "stop", err);
    end_with(node, node->kind == NODE_POSTGRES ? SIGINT : SIGTERM); /* on SIGTERM PostgreSQL waits for its clients */
    if (node_is_service(node))
        mark(processes->model, "draining", node, "");
    return 0;
}

int process_term(struct processes *processes, struct node *node, struct err *err)
{
    if (node->process_state != PROCESS_RUNNING)
        return unfit(node, "terminate", err);
    end_with(node, SIGTERM);
    mark(processes->model, "draining", node, "");
    return 0;
}

int process_kill(struct processes *processes, struct node *node, struct err *err)
{
    (void)processes;
    if (!node_is_alive(node))
        return unfit(node, "kill", err);
    node->process->asked_to_end = true;
    proc_signal_all(node->process->proc, SIGKILL);
    return 0;
}

int process_hang(struct processes *processes, struct node *node, struct err *err)
{
    if (node->process_state != PROCESS_RUNNING)
        return unfit(node, "hang", err);
    /* Waits some ms until it has stopped. A process that stops after we were killed would stay: see proc_pause(). */
    proc_pause(node->process->proc);
    node->process_state = PROCESS_HUNG;
    mark(processes->model, "hung", node, "");
    return 0;
}

int process_continue(struct processes *processes, struct node *node, struct err *err)
{
    if (node->process_state != PROCESS_HUNG)
        return unfit(node, "continue", err);
    proc_resume(node->process->proc);
    node->process_state = PROCESS_RUNNING;
    mark(processes->model, "continued", node, "");
    return 0;
}

/* --- Start ----------------------------------------------------------------------------------- */

static int launch_service(struct processes *processes, const struct node *node, struct err *err)
{
    struct service_env env;
    service_env_fill(&env, processes->model, node, processes->etcd.url, processes->world.folder.path);
    return service_launch(&node->process->service, &processes->world,
                          node->kind == NODE_ORDERS ? "order-service" : "user-service", env.list, err);
}

int process_start(struct processes *processes, struct node *node, struct err *err)
{
    struct process *process = node->process;
    if (node_is_alive(node))
        return unfit(node, "start", err);
    int status = process->server ? server_launch(process->server, err) : launch_service(processes, node, err);
    if (status != 0)
        return -1;
    process->asked_to_end = false;
    node->process_state = PROCESS_STARTING;
    node->is_next = false;
    node->health = HEALTH_UNKNOWN;
    node->health_detail[0] = '\0'; /* of its former end */
    node->pid = (int)process->proc->pid;
    return 0;
}
