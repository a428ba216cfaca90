#include "simulation/turns.h"

#include <inttypes.h>
#include <string.h>

#include "balance/peer.h"

static struct trace *trace_of(const struct call_record *record)
{
    return &record->caller->process.world->trace;
}

/* --- What may be picked -------------------------------------------------------------- */

static bool maybe_ejected(const struct sim_caller *caller, const struct instance *instance)
{
    return choice_is_maybe_ejected(&caller->observed[instance_of_port(instance->port)]);
}

static bool can_be_picked(const struct sim_caller *caller, const struct instance *instance)
{
    return instance->status == INSTANCE_PASSING && !instance->maintenance && !instance->node_down &&
           !maybe_ejected(caller, instance);
}

/* Every instance of the list can be picked, so nothing about the balancer's sets is in doubt. */
static bool all_can_be_picked(const struct call_record *record, const struct instance_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (!can_be_picked(record->caller, &list->at[i]))
            return false;
    return true;
}

/* --- 12: the share of the caller's zone ------------------------------------------------- */

struct zone_share {
    int64_t near, all; /* weights. near: only those that certainly can be picked */
    int64_t zones;
};

static bool is_first_in_zone(const struct instance_list *list, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(list->at[k].zone, list->at[i].zone) == 0)
            return false;
    return *list->at[i].zone;
}

static struct zone_share share_of(const struct call_record *record, const struct choice *choice)
{
    struct zone_share share = {0};
    const struct sim_caller *caller = record->caller;
    const struct instance_list *list = choice->view.list;
    for (size_t i = 0; i < list->count; i++) {
        const struct instance *instance = &list->at[i];
        int weight = instance->weight > instance->warning_weight ? instance->weight : instance->warning_weight;
        bool is_near = strcmp(instance->zone, caller->zone) == 0;
        share.zones += is_first_in_zone(list, i);
        if (!choice_is_beside(record, choice, instance))
            continue;
        share.near += is_near && can_be_picked(caller, instance) ? instance->weight : 0;
        share.all += weight;
    }
    return share;
}

static void check_share(struct call_record *record, const struct choice *choice, const struct zone_share *share)
{
    struct sim_caller *caller = record->caller;
    int64_t gain = share->near * share->zones;
    if (caller->turns.version != choice->view.version) {
        caller->turns.version = choice->view.version;
        caller->turns.calls = caller->turns.near = 0;
    }
    caller->turns.calls++;
    caller->turns.near += strcmp(choice->chosen->zone, caller->zone) == 0;
    int64_t off = caller->turns.near * share->all - caller->turns.calls * gain;
    if (gain < share->all && (off > 2 * share->all || off < -2 * share->all))
        trace_break(trace_of(record), "%s sends %" PRId64 " of %" PRId64 " calls to its zone, which has %" PRId64
                    " of the weight %" PRId64 " in %" PRId64 " zones", caller->process.name, caller->turns.near,
                    caller->turns.calls, share->near, share->all, share->zones);
}

static void check_zone(struct call_record *record, const struct choice *choice)
{
    struct sim_caller *caller = record->caller;
    const struct instance_list *list = choice->view.list;
    struct zone_share share = share_of(record, choice);
    bool is_trial = maybe_ejected(caller, choice->chosen); /* after an ejection it gets a trial call in any zone */
    bool is_far = strcmp(choice->chosen->zone, caller->zone) != 0;
    if (record->attempts == 0 && is_far && !is_trial && share.near * share.zones >= share.all)
        trace_break(trace_of(record), "%s in %s calls %s in %s, while its own zone can take all of its calls",
                    caller->process.name, caller->zone, choice->chosen->id, choice->chosen->zone);
    bool is_certain = record->attempts == 0 && share.near > 0 && all_can_be_picked(record, list);
    const struct settings *settings = &caller->process.world->settings;
    bool has_sides = settings->route.canary.by != CANARY_NONE; /* each has turns of its own */
    if (is_certain && settings->policy != BALANCE_CONSISTENT_HASH && settings->slow_start_ms == 0 &&
        !has_sides)
        check_share(record, choice, &share);
    else
        caller->turns.version = 0;
}

/* --- 14: a listed instance after a missing one ------------------------------------------ */

static bool has_failed_at_missing(const struct call_record *record)
{
    for (int i = 0; i < record->attempts; i++)
        if (record->tried[i].missing && !record->tried[i].running)
            return true;
    return false;
}

static void check_listed(const struct call_record *record, const struct choice *choice)
{
    const struct instance_list *list = choice->view.list;
    if (!choice->missing || !has_failed_at_missing(record))
        return;
    for (size_t i = 0; i < list->count; i++)
        if (can_be_picked(record->caller, &list->at[i]) && !choice->view.missing[i] &&
            choice_is_beside(record, choice, &list->at[i]) && !choice_was_tried(record, list->at[i].id))
            trace_break(trace_of(record), "%s tries %s, which is missing, after another missing one, while %s is listed",
                        record->caller->process.name, choice->chosen->id, list->at[i].id);
}

/* --- 15: the caller's own order --------------------------------------------------------- */

static bool has_equal_weights(const struct instance_list *list)
{
    for (size_t i = 1; i < list->count; i++)
        if (list->at[i].weight != list->at[0].weight)
            return false;
    return true;
}

static void check_order(const struct call_record *record, const struct choice *choice)
{
    const struct sim_caller *caller = record->caller;
    const struct instance_list *list = choice->view.list;
    enum balance_policy policy = caller->process.world->settings.policy;
    bool takes_turns = policy == BALANCE_ROUND_ROBIN || (policy == BALANCE_WEIGHTED && has_equal_weights(list));
    if (caller->has_called || *caller->zone || !takes_turns || !all_can_be_picked(record, list))
        return;
    uint64_t turn = peer_turn(caller->process.name, choice->chosen->id);
    for (size_t i = 0; i < list->count; i++)
        if (choice_is_beside(record, choice, &list->at[i]) &&
            peer_turn(caller->process.name, list->at[i].id) < turn)
            trace_break(trace_of(record), "%s begins with %s, but %s is first in its own order", caller->process.name,
                        choice->chosen->id, list->at[i].id);
}

void turns_check(struct call_record *record, uint16_t port)
{
    const struct choice choice = choice_of(record, port);
    if (!choice.chosen)
        return;
    if (*record->caller->zone)
        check_zone(record, &choice);
    check_listed(record, &choice);
    check_order(record, &choice);
    record->caller->has_called = true;
}
