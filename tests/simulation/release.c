#include "simulation/release.h"

#include "balance/route.h"

static const char *const names[ROUTE_SIDES] = {[ROUTE_STABLE] = "stable", [ROUTE_CANARY] = "canary"};

static bool is_healthy(const struct call_record *record, const struct instance *instance)
{
    (void)record;
    return instance->status == INSTANCE_PASSING && !instance->maintenance && !instance->node_down;
}

/* At most half of a side is ejected, so one instance that is healthy and does not fail is enough for a first attempt.
 * For a retry it must be untried. */
static bool can_be_called(const struct call_record *record, const struct instance *instance)
{
    const struct observed_instance *observed = &record->caller->observed[instance_of_port(instance->port)];
    return is_healthy(record, instance) && !choice_is_maybe_ejected(observed) &&
           !choice_was_tried(record, instance->id);
}

static bool has_one(const struct call_record *record, const struct choice *choice, enum route_side side,
                    bool (*is_so)(const struct call_record *, const struct instance *))
{
    const struct route *route = &record->caller->process.world->settings.route;
    for (size_t i = 0; i < choice->view.list->count; i++)
        if (route_side_of(route, &choice->view.list->at[i]) == side && is_so(record, &choice->view.list->at[i]))
            return true;
    return false;
}

/* The user's; a retry goes to the stable side. */
static enum route_side wanted_side(const struct call_record *record)
{
    const struct route *route = &record->caller->process.world->settings.route;
    return record->attempts > 0 ? ROUTE_STABLE : route_side_for(route, record->key);
}

void release_check(const struct call_record *record, uint16_t port)
{
    struct world *world = record->caller->process.world;
    const struct route *route = &world->settings.route;
    const struct choice choice = choice_of(record, port);
    if (!choice.chosen || route->canary.by == CANARY_NONE)
        return;
    enum route_side wanted = wanted_side(record), other = route_other_side(wanted);
    const char *name = record->caller->process.name, *id = choice.chosen->id;
    bool is_wanted = route_side_of(route, choice.chosen) == wanted;
    if (!is_wanted && has_one(record, &choice, wanted, can_be_called))
        trace_break(&world->trace, "%s calls %s for user %s, although the %s side can be called", name, id, record->key,
                    names[wanted]);
    if (record->attempts == 0 && is_wanted && !has_one(record, &choice, wanted, is_healthy) &&
        has_one(record, &choice, other, is_healthy))
        trace_break(&world->trace, "%s calls %s, while only the %s side is healthy", name, id, names[other]);
}
