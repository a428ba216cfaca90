#include "stories.h"

#include <stdio.h>
#include <string.h>

#include "canary_release.h"
#include "conditions.h"
#include "pitfall.h"
#include "slow_instance.h"
#include "storm.h"

enum { END_LIMIT_MS = 15000 /* a drain ends within 8 s */ };

static void restart_one(struct scenario *scenario, const char *id)
{
    if (!scenario_do(scenario, process_stop, id) || scenario_await(scenario, has_ended, id, END_LIMIT_MS) < 0)
        return;
    const struct node *node = model_find(scenario->model, id);
    scenario_check(scenario, strcmp(node->health_detail, "exit code 0") == 0);
    if (scenario_do(scenario, process_start, id))
        scenario_await(scenario, is_usable, id, USABLE_LIMIT_MS);
}

/* One user-service after another drains, ends and starts again. */
static void rolling_restart(struct scenario *scenario)
{
    char ids[NODES_MAX][TARGET_MAX];
    size_t count = 0;
    for (size_t i = 0; i < scenario->model->node_count; i++)
        if (scenario->model->nodes[i]->kind == NODE_USERS)
            snprintf(ids[count++], TARGET_MAX, "%s", scenario->model->nodes[i]->id);
    for (size_t i = 0; i < count && scenario_step(scenario); i++)
        restart_one(scenario, ids[i]);
    no_call_failed(scenario);
}

/* Consul stops, and starts again with no data. */
static void registry_outage(struct scenario *scenario)
{
    if (scenario_step(scenario) && scenario_do(scenario, process_stop, "consul"))
        scenario_await(scenario, has_ended, "consul", END_LIMIT_MS);
    if (scenario_step(scenario)) {
        await_and_report(scenario, "stale_after_ms", list_is_not_from_consul, NULL);
        watch(scenario);
    }
    if (scenario_step(scenario) && scenario_do(scenario, process_start, "consul"))
        scenario_await(scenario, answers, "consul", USABLE_LIMIT_MS);
    if (scenario_step(scenario))
        await_and_report(scenario, "back_after_ms", all_are_usable, NULL);
    no_call_failed(scenario);
}

/* Redis, which all instances share, stops: each deep check fails. */
static void redis_lost(struct scenario *scenario)
{
    if (scenario_step(scenario) && scenario_do(scenario, process_stop, "redis"))
        scenario_await(scenario, has_ended, "redis", END_LIMIT_MS);
    if (scenario_step(scenario)) {
        await_and_report(scenario, "panic_after_ms", fails_open, NULL);
        watch(scenario);
    }
    if (scenario_step(scenario) && scenario_do(scenario, process_start, "redis"))
        scenario_await(scenario, answers, "redis", USABLE_LIMIT_MS);
    if (scenario_step(scenario))
        await_and_report(scenario, "back_after_ms", all_are_usable, NULL);
    no_call_failed(scenario);
}

/* An instance accepts connections, but never replies. */
static void hung_instance(struct scenario *scenario)
{
    const char *id = "user-service-2";
    int64_t picks = 0;
    if (scenario_step(scenario))
        scenario_do(scenario, process_hang, id);
    if (scenario_step(scenario)) {
        await_and_report(scenario, "ejected_after_ms", is_ejected, id);
        picks = model_find(scenario->model, id)->picks;
    }
    if (scenario_step(scenario)) {
        await_and_report(scenario, "critical_after_ms", is_critical_in_consul, id);
        watch(scenario);
        scenario_saw(scenario, "picks_during", model_find(scenario->model, id)->picks - picks);
    }
    if (scenario_step(scenario) && scenario_do(scenario, process_continue, id))
        await_and_report(scenario, "back_after_ms", is_called_again, id);
    no_call_failed(scenario);
}

/* 20 instances start at once, as after a power failure. */
static void storm(struct scenario *scenario)
{
    if (scenario_step(scenario))
        storm_begin(scenario);
    if (scenario_step(scenario)) {
        await_and_report(scenario, "listed_after_ms", storm_is_listed, NULL);
        scenario_saw(scenario, "peak_per_s", storm_peak(scenario));
    }
    if (scenario_step(scenario)) {
        await_and_report(scenario, "usable_after_ms", all_are_usable, NULL);
        watch(scenario);
    }
    if (scenario_step(scenario)) {
        storm_end(scenario);
        await_and_report(scenario, "gone_after_ms", storm_is_gone, NULL);
    }
    no_call_failed(scenario);
}

const struct story *story_find(const char *name)
{
    static const struct story stories[] = {
        {"rolling-restart", rolling_restart, 0, 0},
        {"registry-outage", registry_outage, 4, 0},
        {"redis-lost", redis_lost, 4, 0},
        {"hung-instance", hung_instance, 4, 0},
        {"storm", storm, 4, 0},
        {"canary-release", canary_release, CANARY_STEPS, 0},
        {"slow-instance", slow_instance, SLOW_STEPS, 0},
        {"pitfall-1", pitfall_run, 1, 1},
        {"pitfall-2", pitfall_run, 1, 2},
        {"pitfall-3", pitfall_run, 1, 3},
        {"pitfall-4", pitfall_run, 1, 4},
        {"pitfall-5", pitfall_run, 1, 5},
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++)
        if (strcmp(stories[i].name, name) == 0)
            return &stories[i];
    return NULL;
}
