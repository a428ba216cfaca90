#include "settings_change.h"

#include <stdio.h>

#include "base/clock.h"
#include "load.h"
#include "loop/fiber.h"
#include "loop/sync.h"
#include "service_env.h"

enum { POLL_MS = 50, CALLS_LIMIT_MS = 6000, DRAIN_LIMIT_MS = 15000, START_LIMIT_MS = 20000 };

/* A call that has begun, but not yet reached order-service, would find that it does not listen any more. */
static void await_calls(void)
{
    for (int64_t deadline = deadline_in(CALLS_LIMIT_MS); load_calls() > 0 && deadline_left(deadline) > 0;)
        if (fiber_sleep(POLL_MS) != 0)
            return;
}


static bool await_process(struct model *model, enum process_state state, int64_t limit_ms)
{
    for (int64_t deadline = deadline_in(limit_ms); deadline_left(deadline) > 0;) {
        if (model_first(model, NODE_ORDERS)->process_state == state)
            return true;
        if (fiber_sleep(POLL_MS) != 0)
            return false;
    }
    return false;
}

static void restart(void *arg)
{
    struct control *control = arg;
    struct model *model = control->model;
    struct err err = ERR_INIT;
    struct node *orders = model_first(model, NODE_ORDERS);
    await_calls();
    if (process_stop(control->processes, orders, &err) == 0 && await_process(model, PROCESS_ENDED, DRAIN_LIMIT_MS) &&
        process_start(control->processes, orders, &err) == 0)
        await_process(model, PROCESS_RUNNING, START_LIMIT_MS);
    model->load_holds--;
    control->restarting = false;
}

/* "weighted, TTL 10 s, canary 10 %": what is off is left out. */
static void describe(const struct caller_settings *settings, char *out, size_t size)
{
    char slow_start[32] = "", backup[32] = "", canary[32] = "";
    if (settings->slow_start_s > 0)
        snprintf(slow_start, sizeof slow_start, ", slow start %d s", settings->slow_start_s);
    if (settings->backup_ms > 0)
        snprintf(backup, sizeof backup, ", backup after %d ms", settings->backup_ms);
    if (settings->canary_percent != CANARY_OFF)
        snprintf(canary, sizeof canary, ", canary %d %%", settings->canary_percent);
    snprintf(out, size, "%s, TTL %d s%s%s%s", policy_name(settings->policy), settings->ttl_s, slow_start, backup,
             canary);
}

int settings_change(struct control *control, const struct caller_settings *settings, struct err *err)
{
    struct model *model = control->model;
    struct node *orders = model_first(model, NODE_ORDERS);
    char text[128];
    if (control->restarting || orders->process_state == PROCESS_STARTING || orders->process_state == PROCESS_DRAINING)
        return err_set(err, ERR_CONFLICT, "order-service is starting or stopping; try again in a moment");
    model->settings = *settings;
    describe(settings, text, sizeof text);
    mark(model, "settings", orders, text);
    model_restart_shares(model);
    if (!node_is_alive(orders))
        return 0; /* the settings count from its next start */

    control->restarting = true;
    model->load_holds++;
    if (group_go(control->model->fibers, restart, control) == 0)
        return 0;
    control->restarting = false;
    model->load_holds--;
    return err_set(err, ERR_BUSY, "cannot restart order-service");
}
