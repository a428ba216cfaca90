#define _XOPEN_SOURCE 700 /* strptime */
#include "storm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "loop/fiber.h"

enum { BETWEEN_STARTS_MS = 5 /* the loop runs between two forks */ };

void storm_begin(struct scenario *scenario)
{
    for (int i = 0; i < STORM_INSTANCES && scenario_add(scenario, ""); i++)
        if (fiber_sleep(BETWEEN_STARTS_MS) != 0)
            return;
    scenario_saw(scenario, "instances", scenario->added_count);
}

bool storm_is_listed(const struct model *model, const char *id)
{
    (void)id;
    for (size_t i = 0; i < model->node_count; i++)
        if (model->nodes[i]->kind == NODE_USERS && model->nodes[i]->consul == LISTING_ABSENT)
            return false;
    return true;
}

void storm_end(struct scenario *scenario)
{
    for (int i = 0; i < scenario->added_count; i++) {
        struct node *node = model_find(scenario->model, scenario->added[i]);
        if (node)
            processes_remove_user(scenario->control->processes, node);
    }
}

bool storm_is_gone(const struct model *model, const char *id)
{
    (void)id;
    for (size_t i = 0; i < model->node_count; i++)
        if (model->nodes[i]->process->remove_when_ended)
            return false;
    return true;
}

/* --- The peak ---------------------------------------------------------------------------- */

/* "time=2026-01-02T03:04:05.678Z …", in milliseconds; -1: no time. */
static int64_t time_of(const char *line)
{
    struct tm tm = {.tm_year = 0};
    const char *rest = strncmp(line, "time=", 5) == 0 ? strptime(line + 5, "%Y-%m-%dT%H:%M:%S.", &tm) : NULL;
    return rest ? (int64_t)timegm(&tm) * 1000 + strtol(rest, NULL, 10) : -1;
}

/* When this instance registered; -1: it has not. */
static int64_t registered_at(const struct node *node)
{
    char *output = proc_output(node->process->proc);
    char *at = strstr(output, " msg=registered ");
    while (at && at > output && at[-1] != '\n')
        at--;
    int64_t ms = at ? time_of(at) : -1;
    free(output);
    return ms;
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

int storm_peak(const struct scenario *scenario)
{
    int64_t times[SCENARIO_ADDED_MAX] = {0};
    int count = 0, peak = 0;
    for (int i = 0; i < scenario->added_count; i++) {
        const struct node *node = model_find(scenario->model, scenario->added[i]);
        int64_t ms = node ? registered_at(node) : -1;
        if (ms >= 0)
            times[count++] = ms;
    }
    qsort(times, (size_t)count, sizeof *times, compare);
    for (int first = 0, last = 0; last < count; last++) {
        while (times[last] - times[first] >= 1000)
            first++;
        if (last - first + 1 > peak)
            peak = last - first + 1;
    }
    return peak;
}
