#include "reset.h"

#include <stdio.h>

#include "base/clock.h"
#include "load.h"
#include "loop/fiber.h"
#include "loop/sync.h"
#include "scenario.h"
#include "settings_change.h"
#include "warning.h"

enum { POLL_MS = 50, LIMIT_MS = 60000 };

void reset_defaults(struct model *model)
{
    model->load = (struct load_setting){.on = !model->options->observes, .rate = LOAD_RATE_FIRST, .key = "random"};
    model->policy = model->options->policy;
    model->ttl_s = (int)(model->options->ttl_ms / 1000);
}

static bool is_extra(const struct node *node, const void *unused)
{
    int number;
    (void)unused;
    return node->kind == NODE_USERS && (sscanf(node->id, "user-service-%d", &number) != 1 || number > BASE_USERS);
}

static void add_missing(struct processes *processes)
{
    for (int number = 1; number <= BASE_USERS; number++) {
        char id[32];
        struct err err = ERR_INIT;
        snprintf(id, sizeof id, "user-service-%d", number);
        if (!model_find(processes->model, id))
            processes_add_user(processes, number, 1, "", "", &err);
    }
}

static void remove_warnings(struct model *model)
{
    for (size_t i = 0; i < model->node_count; i++) {
        struct err ignored = ERR_INIT; /* then Consul does not have it any more */
        if (model->nodes[i]->warned)
            warning_set(model, model->nodes[i], false, &ignored);
    }
}

static void run(void *arg)
{
    struct control *control = arg;
    struct model *model = control->model;
    struct err err = ERR_INIT;
    int64_t deadline = deadline_in(LIMIT_MS);
    int policy = model->policy, ttl_s = model->ttl_s;
    scenario_stop(control);
    while (control->scenario_runs && deadline_left(deadline) > 0 && fiber_sleep(POLL_MS) == 0) {
    }
    reset_defaults(model);
    do {
        add_missing(control->processes);
    } while (!processes_put_back(control->processes, is_extra, NULL) && deadline_left(deadline) > 0 &&
             fiber_sleep(POLL_MS) == 0);
    remove_warnings(model);
    if (policy != model->policy || ttl_s != model->ttl_s)
        settings_change(control, model->policy, model->ttl_s, &err);
    mark(model, "reset", NULL, "");
    control->resetting = false;
}

int reset_start(struct control *control, struct err *err)
{
    if (control->resetting)
        return err_set(err, ERR_CONFLICT, "everything is already being put back");
    control->resetting = true;
    if (group_go(control->model->fibers, run, control) == 0)
        return 0;
    control->resetting = false;
    return err_set(err, ERR_BUSY, "out of memory");
}
