#include "canary_release.h"

#include <stdio.h>
#include <string.h>

#include "conditions.h"

enum {
    MEASURE_MS = 8000,
    RATE = 50, /* calls a second: 400 calls are enough to tell 10 % from 0 % and from 20 % */
};

/* The calls so far: of the new version, and of all. */
struct counts {
    int64_t canary, all;
};

static struct counts count_picks(const struct scenario *scenario)
{
    struct counts counts = {0};
    for (size_t i = 0; i < scenario->model->node_count; i++) {
        const struct node *node = scenario->model->nodes[i];
        if (node->kind != NODE_USERS)
            continue;
        counts.all += node->picks;
        counts.canary += strcmp(node->version, CANARY_VERSION) == 0 ? node->picks : 0;
    }
    return counts;
}

/* The share of the calls, in percent, that the new version gets from now on; -1: no call, or stopped. */
static int64_t measure_share(struct scenario *scenario)
{
    struct counts before = count_picks(scenario);
    if (!scenario_sleep(scenario, MEASURE_MS))
        return -1;
    struct counts after = count_picks(scenario);
    int64_t all = after.all - before.all, canary = after.canary - before.canary;
    return all > 0 ? (canary * 100 + all / 2) / all : -1;
}

/* One step: this share of the users, and what came of it. key: of the number that the page shows. */
static void release_to(struct scenario *scenario, int percent, int64_t low, int64_t high, const char *key)
{
    struct caller_settings settings = scenario->model->settings;
    settings.canary_percent = percent;
    if (!scenario_set(scenario, &settings) || scenario_await(scenario, all_are_usable, NULL, USABLE_LIMIT_MS) < 0)
        return;
    int64_t share = measure_share(scenario);
    scenario_saw(scenario, key, share);
    scenario_check(scenario, share >= low && share <= high);
}

void canary_release(struct scenario *scenario)
{
    scenario->model->load.rate = RATE;
    snprintf(scenario->model->load.key, sizeof scenario->model->load.key, "random");
    if (scenario_step(scenario)) { /* the share comes first: an instance without a share gets no call */
        struct caller_settings settings = scenario->model->settings;
        settings.canary_percent = 0;
        if (scenario_set(scenario, &settings) && scenario_add(scenario, CANARY_VERSION))
            release_to(scenario, 0, 0, 0, "canary_0");
    }
    if (scenario_step(scenario))
        release_to(scenario, 10, 4, 18, "canary_10");
    if (scenario_step(scenario))
        release_to(scenario, 100, 100, 100, "canary_100");
    if (scenario_step(scenario))
        release_to(scenario, 0, 0, 0, "canary_back");
    no_call_failed(scenario);
}
