#include "simulation/choice.h"

#include <inttypes.h>
#include <string.h>

#include "balance/outlier.h"
#include "base/clock.h"
#include "simulation/bounds.h"

enum {
    REMOVAL_MS = 100,    /* failed missing instances are removed in batches (merged_list.c BATCH_MS) */
    RELISTED_MS = 5000,  /* later it may have been listed again, and be missing anew */
};

static struct world *world_of(const struct call_record *record)
{
    return record->caller->process.world;
}

bool choice_was_tried(const struct call_record *record, const char *id)
{
    for (int i = 0; i < record->attempts; i++)
        if (strcmp(record->tried[i].id, id) == 0)
            return true;
    return false;
}

bool choice_is_alone(const struct choice *choice)
{
    const struct instance_list *list = choice->view.list;
    const struct instance *first = instance_list_find(list, choice->chosen->id);
    return first + 1 == list->at + list->count || strcmp(first[1].id, first->id) != 0;
}

/* An id that the list has at several nodes names several instances: the call may try each. */
static bool was_tried_alone(const struct call_record *record, const struct choice *choice)
{
    for (int i = 0; i < record->attempts; i++)
        if (strcmp(record->tried[i].id, choice->chosen->id) == 0 && record->tried[i].alone)
            return choice_is_alone(choice);
    return false;
}

static enum route_side side_of(const struct call_record *record, const struct instance *instance)
{
    return route_side_of(&world_of(record)->settings.route, instance);
}

bool choice_is_beside(const struct call_record *record, const struct choice *choice, const struct instance *instance)
{
    return !choice->chosen || side_of(record, instance) == side_of(record, choice->chosen);
}

bool choice_is_maybe_ejected(const struct observed_instance *observed)
{
    bool has_failed = observed->failures_ever >= OUTLIER_FAILURES &&
                      clock_ms() - observed->failed_ms <= OUTLIER_EJECT_MAX_MS;
    return has_failed || observed->cancelled >= OUTLIER_FAILURES;
}

size_t choice_maybe_ejected(const struct sim_caller *caller)
{
    size_t count = 0;
    for (int i = 0; i < caller->process.world->settings.instances; i++)
        count += choice_is_maybe_ejected(&caller->observed[i]);
    return count;
}

static void count(struct choice *choice, const struct call_record *record, const struct instance *instance)
{
    const struct observed_instance *observed = &record->caller->observed[instance_of_port(instance->port)];
    bool passes = instance->status == INSTANCE_PASSING && !instance->maintenance;
    bool is_untried = !choice_was_tried(record, instance->id);
    choice->passing += passes;
    choice->sound += passes && !choice_is_maybe_ejected(observed);
    choice->callable += passes && is_untried && !choice_is_maybe_ejected(observed);
    choice->idle += passes && is_untried && observed->calls_now == 0;
}

static void find_chosen(struct choice *choice, uint16_t port)
{
    const struct instance_list *list = choice->view.list;
    for (size_t i = 0; i < list->count; i++) {
        bool is_missing = choice->view.missing && choice->view.missing[i];
        choice->named += !is_missing;
        if (list->at[i].port == port) {
            choice->chosen = &list->at[i];
            choice->missing = is_missing;
        }
    }
}

struct choice choice_of(const struct call_record *record, uint16_t port)
{
    struct choice choice = {0};
    const struct world *world = world_of(record);
    if (discovery_look(record->caller->discovery, SERVICE, &choice.view) != 0 || !choice.view.list)
        return choice;
    find_chosen(&choice, port);
    for (size_t i = 0; i < choice.view.list->count; i++) {
        const struct instance *instance = &choice.view.list->at[i];
        if (!choice_is_beside(record, &choice, instance))
            continue;
        count(&choice, record, instance);
        if (instance->port != port && instance->status == INSTANCE_PASSING && !instance->maintenance) {
            const struct sim_instance *other = &world->instances[instance_of_port(instance->port)];
            choice.live_elsewhere += instance_is_at(other, instance->port);
        }
    }
    return choice;
}

/* At most half of the instances, rounded down, are ejected, and tried ones are excluded. While all passing ones have
 * failed repeatedly, critical ones may be called, too. */
static bool can_call_passing_one(const struct call_record *record, const struct choice *choice)
{
    return choice->passing - choice->passing / 2 > (size_t)record->attempts && choice->sound > 0;
}

/* Since when the caller can reach a registry that reports the truth; DEADLINE_NONE: it cannot. */
static int64_t informed_since_ms(const struct sim_caller *caller)
{
    const struct world *world = caller->process.world;
    int64_t since_ms = caller->process.healthy_since_ms;
    for (int i = 0; i < world->settings.registries; i++) {
        const struct sim_registry *registry = &world->registries[i];
        if (registry->healthy_since_ms != DEADLINE_NONE)
            return longer(since_ms, registry->healthy_since_ms);
        if (registry->silent_since_ms == 0)
            break;
        if (since_ms != DEADLINE_NONE)
            since_ms = longer(since_ms, registry->silent_since_ms + world->settings.ttl_ms);
    }
    return DEADLINE_NONE;
}

/* Eureka's self-preservation keeps dead instances. A stale list may be Eureka's. */
static bool may_list_dead(const struct settings *settings, const char *source)
{
    for (int i = 0; i < settings->registries; i++)
        if (settings->kinds[i]->keeps_dead && (strcmp(source, settings->kinds[i]->name) == 0 || strcmp(source, "cache") == 0))
            return true;
    return false;
}

static void check_alive(const struct call_record *record, const struct choice *choice, uint16_t port)
{
    struct world *world = world_of(record);
    const struct sim_instance *instance = &world->instances[instance_of_port(port)];
    int64_t since_ms = longer(informed_since_ms(record->caller), instance->died_ms[life_of_port(port)]);
    if (instance_is_at(instance, port) || choice->live_elsewhere == 0 || world->settings.check == CHECK_NONE ||
        may_list_dead(&world->settings, choice->view.source))
        return;
    /* The live ones may hang, and still pass a TCP check. */
    if (choice->chosen->status == INSTANCE_CRITICAL && !choice->chosen->node_down && choice->sound == 0)
        return;
    /* Its next process sends, or has sent, heartbeats for the same id. */
    since_ms = longer(since_ms, instance->life == UP ? instance->process.healthy_since_ms
                                                     : instance->died_ms[instance->lives]);
    if (since_ms == DEADLINE_NONE)
        return;
    int64_t bound_ms = bound_detect_ms(&world->settings) + bound_learn_ms(&world->settings);
    if (choice->missing)
        bound_ms += MISSING_MS;
    if (clock_ms() - since_ms > bound_ms)
        trace_break(&world->trace, "%s calls %s on port %d, dead for %" PRId64 " ms, while its list has %zu live ones",
                    record->caller->process.name, instance->process.name, port,
                    clock_ms() - instance->died_ms[life_of_port(port)], choice->live_elsewhere);
}

/* --- 11: maintenance ---------------------------------------------------------------------------- */

/* Does the caller know, because the registry has told it for long enough? */
static bool is_known_in_maintenance(const struct sim_caller *caller, const struct sim_registry *registry, int instance)
{
    const struct sim_entry *entry = &registry->entries[instance];
    int64_t since_ms = longer(registry->healthy_since_ms, caller->process.healthy_since_ms);
    return since_ms != DEADLINE_NONE && entry->used && entry->in_maintenance &&
           clock_ms() - longer(since_ms, entry->maintenance_ms) > bound_learn_ms(registry->settings);
}

static void check_maintenance(const struct call_record *record, const struct choice *choice, int instance)
{
    struct world *world = world_of(record);
    const struct sim_registry *registry = sim_registry_with_maintenance(world->registries);
    if (!registry)
        registry = &world->registries[0]; /* only the instance itself can set it there */
    if (choice->chosen->maintenance || is_known_in_maintenance(record->caller, registry, instance))
        trace_break(&world->trace, "%s calls %s, which is in maintenance", record->caller->process.name,
                    choice->chosen->id);
}

/* --- 1 again: failed instances -------------------------------------------------------------------- */

/* Another list may end ejections and replace instances, so rows of failures begin anew. */
static void note_version(struct sim_caller *caller, uint64_t version)
{
    if (caller->called_version == version)
        return;
    caller->called_version = version;
    caller->called_since_ms = clock_ms();
    for (int i = 0; i < caller->process.world->settings.instances; i++)
        caller->observed[i].failures = 0;
}

bool choice_is_last_resort(const struct call_record *record, const struct choice *choice)
{
    return record->attempts > 0 && choice->callable == 0;
}

/* If more may be ejected than half, some may have been readmitted: half is less again when the critical ones, which
 * are in use while all others fail, go out of use. */
static void check_ejected(const struct call_record *record, const struct choice *choice,
                          const struct observed_instance *observed)
{
    struct world *world = world_of(record);
    if (!observed->ejected_ms || observed->ejected_version != choice->view.version ||
        choice_is_last_resort(record, choice) || choice_maybe_ejected(record->caller) > choice->passing / 2)
        return;
    int64_t since_ms = clock_ms() - observed->ejected_ms;
    if (since_ms < OUTLIER_EJECT_MS - world->settings.call_timeout_ms)
        trace_break(&world->trace, "%s calls %s %" PRId64 " ms after its fifth failure in a row",
                    record->caller->process.name, choice->chosen->id, since_ms);
}

void choice_check(const struct call_record *record, uint16_t port)
{
    struct world *world = world_of(record);
    const char *name = record->caller->process.name;
    const struct observed_instance *observed = &record->caller->observed[instance_of_port(port)];
    struct choice choice = choice_of(record, port);
    if (!choice.chosen) {
        trace_break(&world->trace, "%s calls port %d, which is not in its list", name, port);
        return;
    }
    if (was_tried_alone(record, &choice))
        trace_break(&world->trace, "%s sends a call to %s twice", name, choice.chosen->id);
    note_version(record->caller, choice.view.version);
    check_maintenance(record, &choice, instance_of_port(port));
    check_alive(record, &choice, port);
    if (choice.chosen->status == INSTANCE_CRITICAL && can_call_passing_one(record, &choice))
        trace_break(&world->trace, "%s calls %s, which is critical, while %zu are passing", name, choice.chosen->id,
                    choice.passing);
    if (choice.missing && observed->failed_missing_port == port &&
        observed->failed_missing_ms > observed->missing_since_ms &&
        clock_ms() - observed->failed_missing_ms > REMOVAL_MS &&
        clock_ms() - observed->failed_missing_ms < RELISTED_MS)
        trace_break(&world->trace, "%s calls %s, which is missing and has failed", name, choice.chosen->id);
    check_ejected(record, &choice, observed);
}
