#include "reset.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "load.h"
#include "loop/fiber.h"
#include "loop/sync.h"
#include "operate.h"
#include "scenario.h"
#include "settings_change.h"
#include "warning.h"

enum { POLL_MS = 50, LIMIT_MS = 60000 };

/* The page shows whole seconds. Less than one is not off. */
static int whole_seconds(int64_t ms)
{
    return (int)((ms + 999) / 1000);
}

void reset_defaults(struct model *model)
{
    model->load = (struct load_setting){.on = !model->options->observes, .rate = LOAD_RATE_FIRST, .key = "random"};
    model->settings = (struct caller_settings){
        .policy = model->options->policy,
        .ttl_s = whole_seconds(model->options->ttl_ms),
        .slow_start_s = whole_seconds(model->options->slow_start_ms),
        .canary_percent = CANARY_OFF,
    };
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

/* What Consul or an instance does not answer is gone with it. The nodes may change while these wait. */
static void remove_warnings(struct model *model)
{
    for (size_t i = 0; i < model->node_count; i++) {
        struct err ignored = ERR_INIT;
        if (model->nodes[i]->warned)
            warning_set(model, model->nodes[i], false, &ignored);
    }
}

/* Also of an instance that Consul does not list in maintenance now: after Consul has lost its data, the instance would
 * register with its order again. */
static void end_maintenance(struct model *model)
{
    for (size_t i = 0; i < model->node_count; i++) {
        struct err ignored = ERR_INIT;
        if (model->nodes[i]->kind == NODE_USERS)
            operate_maintenance(model, model->nodes[i], false, &ignored);
    }
}

/* All that are left are those of the start: their weight is 1. */
static void reset_weights(struct model *model)
{
    for (size_t i = 0; i < model->node_count; i++) {
        struct err ignored = ERR_INIT;
        struct node *node = model->nodes[i];
        if (node->kind != NODE_USERS || node->weight == 1)
            continue;
        node->weight = 1;
        operate_weight(model, node, 1, &ignored);
    }
}

static void run(void *arg)
{
    struct control *control = arg;
    struct model *model = control->model;
    struct err err = ERR_INIT;
    int64_t deadline = deadline_in(LIMIT_MS);
    struct caller_settings before = model->settings;
    scenario_stop(control);
    while (control->scenario_runs && deadline_left(deadline) > 0 && fiber_sleep(POLL_MS) == 0) {
    }
    reset_defaults(model);
    do {
        add_missing(control->processes);
    } while (!processes_put_back(control->processes, is_extra, NULL) && deadline_left(deadline) > 0 &&
             fiber_sleep(POLL_MS) == 0);
    remove_warnings(model);
    end_maintenance(model);
    reset_weights(model);
    if (memcmp(&before, &model->settings, sizeof before) != 0)
        settings_change(control, &model->settings, &err);
    mark(model, "reset", NULL, "");
    model->resetting = false;
}

int reset_start(struct control *control, struct err *err)
{
    if (control->model->resetting)
        return err_set(err, ERR_CONFLICT, "everything is already being put back");
    control->model->resetting = true;
    if (group_go(control->model->fibers, run, control) == 0)
        return 0;
    control->model->resetting = false;
    return err_set(err, ERR_BUSY, "out of memory");
}
