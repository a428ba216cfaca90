#include "simulation/ramps.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"

#define LONG_AGO (INT64_MIN / 2)

enum { SPARE = 3 }; /* calls: a turn, what it has gained at the begin, and the first turn with another list */

static const struct settings *settings_of(const struct sim_caller *caller)
{
    return &caller->process.world->settings;
}

/* --- Which instances get turns ------------------------------------------------------- */

/* Names the entry: another id or port is another instance for the balancer. */
static uint64_t key_of(const struct instance *instance)
{
    return hash_bytes(instance->id, strlen(instance->id)) + instance->port;
}

static bool is_out(const struct instance *instance)
{
    return instance->status == INSTANCE_CRITICAL || instance->maintenance || instance->node_down;
}

/* What a list says of each instance. */
static void read_list(const struct instance_list *list, struct serving *serving, int instances)
{
    for (size_t i = 0; i < list->count; i++) {
        struct serving *one = &serving[instance_of_port(list->at[i].port)];
        bool serves = !is_out(&list->at[i]);
        one->entries += serves;
        one->key = serves && list->at[i].status == INSTANCE_PASSING ? key_of(&list->at[i]) : 0;
    }
    for (int i = 0; i < instances; i++)
        if (serving[i].entries != 1)
            serving[i].key = 0;
}

/* It got turns before, and still does, without doubt. */
static bool still_serves(const struct observed_instance *observed, const struct serving *now)
{
    return now->key != 0 && observed->serving.key == now->key && observed->failures_ever == 0;
}

static void note_list(struct sim_caller *caller, const struct discovery_view *view)
{
    int instances = settings_of(caller)->instances;
    struct serving *now = calloc((size_t)instances, sizeof *now);
    bool any_still_serves = false;
    if (!now)
        return;
    read_list(view->list, now, instances);
    for (int i = 0; i < instances; i++)
        any_still_serves |= still_serves(&caller->observed[i], &now[i]);
    for (int i = 0; i < instances; i++) {
        struct observed_instance *observed = &caller->observed[i];
        if (now[i].key == 0 || now[i].key != observed->serving.key) {
            bool begins = now[i].key != 0 && observed->serving.entries == 0 && any_still_serves;
            now[i].since_ms = caller->has_called ? clock_ms() : LONG_AGO; /* those of the first list start alike */
            observed->ramp = (struct ramp){.is_certain = begins};
        } else {
            now[i].since_ms = observed->serving.since_ms;
        }
        observed->serving = now[i];
    }
    free(now);
    caller->ramps_version = view->version;
}

void ramps_forget(struct sim_caller *caller)
{
    caller->ramps_version = 0;
    for (int i = 0; i < settings_of(caller)->instances; i++) {
        caller->observed[i].serving = (struct serving){0};
        caller->observed[i].ramp = (struct ramp){0};
    }
}

/* --- Its share ----------------------------------------------------------------------- */

static int weight_of(const struct sim_caller *caller, const struct instance *instance)
{
    return settings_of(caller)->policy == BALANCE_WEIGHTED ? instance->weight : 1;
}

/* The weights of the others that have their full share for certain. */
static int full_weight(const struct sim_caller *caller, const struct instance_list *list, const struct instance *but)
{
    int weight = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct observed_instance *observed = &caller->observed[instance_of_port(list->at[i].port)];
        bool is_full = observed->serving.key != 0 && observed->failures_ever == 0 &&
                       clock_ms() - observed->serving.since_ms >= settings_of(caller)->slow_start_ms;
        weight += &list->at[i] != but && is_full ? weight_of(caller, &list->at[i]) : 0;
    }
    return weight;
}

static int whole_weight(const struct instance_list *list)
{
    int weight = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct instance *instance = &list->at[i];
        weight += instance->weight > instance->warning_weight ? instance->weight : instance->warning_weight;
    }
    return weight;
}

/* By docs/reference.md: the code of slow_start.h is under test. */
static double share_of(const struct sim_caller *caller, const struct observed_instance *observed)
{
    double share = (double)(clock_ms() - observed->serving.since_ms) / (double)settings_of(caller)->slow_start_ms;
    return share > 0.1 ? share : 0.1;
}

/* --- 20: the share grows ------------------------------------------------------------- */

static void check_ramp(const struct call_record *record, const struct choice *choice, const struct instance *instance)
{
    struct sim_caller *caller = record->caller;
    struct observed_instance *observed = &caller->observed[instance_of_port(instance->port)];
    struct ramp *ramp = &observed->ramp;
    double share = share_of(caller, observed);
    if (share >= 1 || observed->failed_ms >= observed->serving.since_ms)
        ramp->is_certain = false;
    if (!ramp->is_certain)
        return;
    int weight = weight_of(caller, instance), full = full_weight(caller, choice->view.list, instance);
    bool is_first = record->attempts == 0, is_chosen = choice->chosen == instance;
    ramp->most += full > 0 ? share * weight / full : 1;
    ramp->least += is_first ? share / whole_weight(choice->view.list) : 0;
    ramp->first += is_first && is_chosen;
    ramp->all += is_chosen;
    if (ramp->first > ramp->most + SPARE || ramp->all < ramp->least / 2 - SPARE)
        trace_break(&caller->process.world->trace,
                    "%s sends %d calls and %d attempts to %s in slow start, whose share allows %.1f to %.1f",
                    caller->process.name, ramp->first, ramp->all, instance->id, ramp->least / 2, ramp->most);
}

void ramps_check(struct call_record *record, uint16_t port)
{
    const struct settings *settings = settings_of(record->caller);
    bool takes_turns = settings->policy == BALANCE_ROUND_ROBIN || settings->policy == BALANCE_WEIGHTED;
    bool has_sides = settings->route.canary.by != CANARY_NONE; /* its turns are those of its side */
    if (settings->slow_start_ms == 0 || settings->zones > 0 || settings->backup_after_ms > 0 || !takes_turns ||
        has_sides)
        return;
    const struct choice choice = choice_of(record, port);
    if (!choice.chosen)
        return;
    if (record->caller->ramps_version != choice.view.version)
        note_list(record->caller, &choice.view);
    for (size_t i = 0; i < choice.view.list->count; i++)
        check_ramp(record, &choice, &choice.view.list->at[i]);
}
