#include "stories.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "pitfall.h"
#include "storm.h"

enum {
    WATCH_MS = 3000,         /* how long a fault lasts after its effect, so that calls happen meanwhile */
    END_LIMIT_MS = 15000,    /* a drain ends within 8 s */
    USABLE_LIMIT_MS = 30000, /* random delay, first check, and the next query */
};

/* --- Conditions ----------------------------------------------------------------------- */

static bool has_ended(const struct model *model, const char *id)
{
    const struct node *node = model_find(model, id);
    return node && !node_is_alive(node);
}

static bool answers(const struct model *model, const char *id)
{
    const struct node *node = model_find(model, id);
    return node && node->process_state == PROCESS_RUNNING && node->health == HEALTH_GOOD;
}

static bool is_usable(const struct model *model, const char *id)
{
    const struct node *node = model_find(model, id);
    return answers(model, id) && node->consul == LISTING_PASSING && node->orders == LISTING_PASSING && !node->ejected;
}

static bool all_users(const struct model *model, bool (*condition)(const struct model *model, const char *id))
{
    for (size_t i = 0; i < model->node_count; i++)
        if (model->nodes[i]->kind == NODE_USERS && !condition(model, model->nodes[i]->id))
            return false;
    return true;
}

static bool all_are_usable(const struct model *model, const char *id)
{
    (void)id;
    return all_users(model, is_usable) && !model->knowledge.panic && strcmp(model->knowledge.source, "consul") == 0;
}

static bool is_critical_in_consul(const struct model *model, const char *id)
{
    return model_find(model, id)->consul == LISTING_CRITICAL;
}

static bool fails_open(const struct model *model, const char *id)
{
    (void)id;
    return all_users(model, is_critical_in_consul) && model->knowledge.panic;
}

static bool list_is_not_from_consul(const struct model *model, const char *id)
{
    (void)id;
    return model->knowledge.known && strcmp(model->knowledge.source, "consul") != 0;
}

static bool is_ejected(const struct model *model, const char *id)
{
    const struct node *node = model_find(model, id);
    return node->ejected || node->orders == LISTING_CRITICAL;
}

static bool is_called_again(const struct model *model, const char *id)
{
    return is_usable(model, id) && model_find(model, id)->calls > 0;
}

static bool never(const struct model *model, const char *id)
{
    (void)model, (void)id;
    return false;
}

/* --- Helpers ------------------------------------------------------------------------------ */

/* Lets the calls go on for a while; the scenario does not fail. */
static void watch(struct scenario *scenario)
{
    bool failed = scenario->failed;
    scenario_await(scenario, never, NULL, WATCH_MS);
    scenario->failed = failed;
}

static void no_call_failed(struct scenario *scenario)
{
    const struct seconds *seconds = &scenario->model->seconds;
    scenario_check(scenario, seconds->total_failed == scenario->failed_before);
    scenario_check(scenario, seconds->total_ok > scenario->ok_before);
}

/* Waits, and reports the time under `key`. */
static void await_and_report(struct scenario *scenario, const char *key,
                             bool (*condition)(const struct model *model, const char *id), const char *id)
{
    int64_t ms = scenario_await(scenario, condition, id, USABLE_LIMIT_MS + scenario->model->ttl_s * 1000);
    if (ms >= 0)
        scenario_saw(scenario, key, ms);
}

/* --- The stories ---------------------------------------------------------------------------- */

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
