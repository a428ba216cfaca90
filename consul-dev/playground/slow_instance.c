#include "slow_instance.h"

#include <stdio.h>
#include <string.h>

#include "conditions.h"
#include "loop/fiber.h"
#include "loop/sync.h"
#include "service_env.h"

enum {
    MEASURE_MS = 6000,
    RATE = 100,
    STOPPED_MS = 90, /* of each … */
    PERIOD_MS = 100, /* … this long: it passes its health check, and a call to it waits up to 90 ms */
    BACKUP_MS = 20,
};

static const char slow_id[] = "user-service-2";

/* --- Slow ------------------------------------------------------------------------------- */

/* Runs until it is cancelled; then the process runs as before. */
static void slow_down(void *arg)
{
    struct scenario *scenario = arg;
    for (;;) {
        const struct node *node = model_find(scenario->model, slow_id);
        if (!node || node->process_state != PROCESS_RUNNING)
            return;
        proc_pause(node->process->proc);
        int slept = fiber_sleep(STOPPED_MS);
        node = model_find(scenario->model, slow_id);
        if (node)
            proc_resume(node->process->proc);
        if (slept != 0 || fiber_sleep(PERIOD_MS - STOPPED_MS) != 0)
            return;
    }
}

/* --- Measure ---------------------------------------------------------------------------- */

struct keys {
    const char *share, *p99;
};

static int64_t picks_of(const struct scenario *scenario, bool only_slow)
{
    int64_t picks = 0;
    for (size_t i = 0; i < scenario->model->node_count; i++) {
        const struct node *node = scenario->model->nodes[i];
        if (node->kind == NODE_USERS && (!only_slow || strcmp(node->id, slow_id) == 0))
            picks += node->picks;
    }
    return picks;
}

/* Reports the share of the slow instance, in percent, and p99. Returns the share; -1: no call, or stopped. */
static int64_t measure(struct scenario *scenario, struct keys keys)
{
    int64_t slow = picks_of(scenario, true), all = picks_of(scenario, false);
    seconds_open_window(&scenario->model->seconds);
    if (!scenario_sleep(scenario, MEASURE_MS))
        return -1;
    slow = picks_of(scenario, true) - slow;
    all = picks_of(scenario, false) - all;
    int64_t share = all > 0 ? (slow * 100 + all / 2) / all : -1;
    scenario_saw(scenario, keys.share, share);
    scenario_saw(scenario, keys.p99, seconds_window_p99_ms(&scenario->model->seconds));
    return share;
}

static int64_t measure_with(struct scenario *scenario, const char *policy, int backup_ms, struct keys keys)
{
    struct caller_settings settings = scenario->model->settings;
    settings.policy = policy_index(policy);
    settings.backup_ms = backup_ms;
    settings.slow_start_s = 0;
    settings.canary_percent = CANARY_OFF;
    if (!scenario_set(scenario, &settings) || scenario_await(scenario, all_are_usable, NULL, USABLE_LIMIT_MS) < 0)
        return -1;
    return measure(scenario, keys);
}

/* --- The story --------------------------------------------------------------------------- */

void slow_instance(struct scenario *scenario)
{
    struct group slowness = {0};
    int64_t share = 0;
    scenario->model->load.rate = RATE;
    if (scenario_step(scenario)) /* it may have been removed */
        scenario_check(scenario, model_find(scenario->model, slow_id) && group_go(&slowness, slow_down, scenario) == 0);
    if (scenario_step(scenario)) {
        share = measure_with(scenario, "round_robin", 0, (struct keys){"share_round_robin", "p99_round_robin_ms"});
        scenario_check(scenario, share > 0);
    }
    if (scenario_step(scenario)) {
        int64_t fewer =
            measure_with(scenario, "least_request", 0, (struct keys){"share_least_request", "p99_least_request_ms"});
        scenario_check(scenario, fewer >= 0 && fewer < share);
    }
    if (scenario_step(scenario))
        measure_with(scenario, "round_robin", BACKUP_MS, (struct keys){"share_backup", "p99_backup_ms"});
    group_cancel(&slowness);
    group_join(&slowness);
    no_call_failed(scenario);
}
