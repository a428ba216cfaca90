#include "conditions.h"

#include <string.h>

bool has_ended(const struct model *model, const char *id)
{
    const struct node *node = model_find(model, id);
    return node && !node_is_alive(node);
}

bool answers(const struct model *model, const char *id)
{
    const struct node *node = model_find(model, id);
    return node && node->process_state == PROCESS_RUNNING && node->health == HEALTH_GOOD;
}

bool is_usable(const struct model *model, const char *id)
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

bool all_are_usable(const struct model *model, const char *id)
{
    (void)id;
    return all_users(model, is_usable) && !model->knowledge.panic && strcmp(model->knowledge.source, "consul") == 0;
}

bool is_critical_in_consul(const struct model *model, const char *id)
{
    return model_find(model, id)->consul == LISTING_CRITICAL;
}

bool fails_open(const struct model *model, const char *id)
{
    (void)id;
    return all_users(model, is_critical_in_consul) && model->knowledge.panic;
}

bool list_is_not_from_consul(const struct model *model, const char *id)
{
    (void)id;
    return model->knowledge.known && strcmp(model->knowledge.source, "consul") != 0;
}

bool is_ejected(const struct model *model, const char *id)
{
    const struct node *node = model_find(model, id);
    return node->ejected || node->orders == LISTING_CRITICAL;
}

bool is_called_again(const struct model *model, const char *id)
{
    return is_usable(model, id) && model_find(model, id)->calls > 0;
}

static bool never(const struct model *model, const char *id)
{
    (void)model, (void)id;
    return false;
}

/* --- Waiting -------------------------------------------------------------------------- */

enum { WATCH_MS = 3000 };

void watch(struct scenario *scenario)
{
    bool failed = scenario->failed;
    scenario_await(scenario, never, NULL, WATCH_MS);
    scenario->failed = failed;
}

void no_call_failed(struct scenario *scenario)
{
    const struct seconds *seconds = &scenario->model->seconds;
    scenario_check(scenario, seconds->total_failed == scenario->failed_before);
    scenario_check(scenario, seconds->total_ok > scenario->ok_before);
}

void await_and_report(struct scenario *scenario, const char *key,
                             bool (*condition)(const struct model *model, const char *id), const char *id)
{
    int64_t ms = scenario_await(scenario, condition, id, USABLE_LIMIT_MS + scenario->model->settings.ttl_s * 1000);
    if (ms >= 0)
        scenario_saw(scenario, key, ms);
}
