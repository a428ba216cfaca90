#include "simulation/invariants.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "discovery/discovery.h"
#include "simulation/bounds.h"
#include "simulation/world.h"

/* A change of a list may be seen this much later than it happened. */
enum { NOTICE_MS = 1000 };

static struct trace *trace_of(const struct sim_caller *caller)
{
    return &caller->process.world->trace;
}

/* --- 2: a live instance is registered again ------------------------------------------- */

static void check_registered(const struct sim_registry *registry, int i)
{
    struct world *world = registry->world;
    const struct sim_instance *instance = &world->instances[i];
    const struct sim_entry *entry = &registry->entries[i];
    int64_t since_ms = longer(instance->process.healthy_since_ms, registry->healthy_since_ms);
    if (instance->life != UP || since_ms == DEADLINE_NONE)
        return;
    since_ms = longer(since_ms, entry->lost_ms);
    int64_t late_ms = clock_ms() - since_ms - bound_return_ms(&world->settings);
    if (late_ms <= 0 || sim_registry_has(registry, i, instance->port))
        return;
    trace_break(&world->trace, "%s is alive, but not registered in %s again after %" PRId64 " ms: %s",
                instance->process.name, registry->kind->name, bound_return_ms(&world->settings) + late_ms,
                !entry->used ? "no entry" : entry->port != instance->port ? "the entry has the old port" : "critical");
}

/* --- 13: an operator's maintenance outlives registrations, and an order the registry's data ----------------- */

static void check_maintenance_kept(const struct sim_registry *registry, int i)
{
    const struct sim_entry *entry = &registry->entries[i];
    if (entry->used && entry->is_to_be_in_maintenance && !entry->in_maintenance)
        trace_break(&registry->world->trace, "%s is not in maintenance any more, but no operator has ended it",
                    registry->instances[i].process.name);
}

/* The instance keeps the order, whatever the registry loses. */
static void check_order_kept(const struct sim_registry *registry, int i)
{
    const struct sim_instance *instance = &registry->instances[i];
    const struct registration *registration = instance->registrations[registry - registry->world->registries];
    const struct sim_entry *entry = &registry->entries[i];
    int64_t since_ms = longer(longer(instance->process.healthy_since_ms, registry->healthy_since_ms), entry->lost_ms);
    if (instance->life != UP || !registration || since_ms == DEADLINE_NONE || !registration_is_current(registration) ||
        clock_ms() - longer(since_ms, entry->maintenance_ms) < bound_return_ms(registry->settings))
        return;
    if (entry->used && instance->is_ordered_out && !entry->in_maintenance)
        trace_break(&registry->world->trace, "%s is ordered into maintenance, but %s does not have it any more",
                    instance->process.name, registry->kind->name);
}

/* --- 3: no fault of the registry empties a list ------------------------------------------ */

/* An instance has disappeared from the list. True: at once, only because the registry dropped it. */
static bool is_lost_at_once(struct sim_caller *caller, int i)
{
    struct observed_instance *observed = &caller->observed[i];
    /* Its last entry may have been missing beside others, for example one at a dead node, that went before. */
    int64_t missing_ms = clock_ms() - observed->first_missing_ms;
    bool failed = observed->removable_ms >= observed->first_missing_ms;
    if (observed->missing && !failed && missing_ms < MISSING_MS - NOTICE_MS)
        trace_break(trace_of(caller), "%s removed %s after %" PRId64 " ms of missing, without a failed call",
                    caller->process.name, caller->process.world->instances[i].process.name, missing_ms);
    return !observed->missing;
}

/* What a list says of one instance. */
struct seen {
    bool listed, missing; /* missing: all of its entries are */
    bool any_missing;
};

static void observe_list(struct sim_caller *caller, const struct discovery_view *view)
{
    struct observed_instance *all = caller->observed;
    int instances = caller->process.world->settings.instances;
    struct seen *seen = calloc((size_t)instances, sizeof *seen);
    size_t present = 0, gone = 0;
    if (!seen)
        return;
    for (size_t i = 0; view->list && i < view->list->count; i++) {
        struct seen *one = &seen[instance_of_port(view->list->at[i].port)];
        bool is_missing = view->missing && view->missing[i];
        one->any_missing |= is_missing;
        one->missing = is_missing && (one->missing || !one->listed); /* static instances have other ids */
        one->listed = true;
    }
    for (int i = 0; i < instances; i++) {
        present += all[i].listed && !all[i].missing;
        gone += all[i].listed && !seen[i].listed && is_lost_at_once(caller, i);
        if (seen[i].missing && !all[i].missing)
            all[i].missing_since_ms = clock_ms();
        if (!seen[i].any_missing)
            all[i].first_missing_ms = 0;
        else if (all[i].first_missing_ms == 0)
            all[i].first_missing_ms = clock_ms();
        all[i].listed = seen[i].listed;
        all[i].missing = seen[i].missing;
    }
    free(seen);
    /* Instances of the static list are not kept as missing. */
    if (gone * 2 > present && strcmp(caller->source, "static") != 0)
        trace_break(trace_of(caller), "%s lost %zu of %zu instances at once, only because the registry dropped them",
                    caller->process.name, gone, present);
}

/* Missing instances are removed in time. */
static void check_missing(const struct sim_caller *caller)
{
    for (int i = 0; i < caller->process.world->settings.instances; i++)
        if (caller->observed[i].missing && clock_ms() - caller->observed[i].missing_since_ms > MISSING_MS + NOTICE_MS)
            trace_break(trace_of(caller), "%s keeps %s as missing for more than a minute", caller->process.name,
                        caller->process.world->instances[i].process.name);
}

/* --- 10: the list in use comes from the most trusted source ---------------------------------- */

struct trust {
    const char *source;
    int64_t confirmed_ms;
};

static struct trust trust_of(const struct sim_caller *caller)
{
    const struct settings *settings = &caller->process.world->settings;
    struct trust newest = {settings->has_static ? "static" : "", clock_ms()}; /* the static list has no age */
    int64_t newest_ms = 0;
    for (int i = 0; i < settings->registries; i++) {
        const struct link *link = &caller->process.links[i];
        if (link->answered_ms != 0 && clock_ms() - link->answered_ms <= settings->ttl_ms)
            return (struct trust){link->to->kind->name, link->answered_ms};
        newest_ms = longer(newest_ms, link->answered_ms);
    }
    return newest_ms == 0 ? newest : (struct trust){"cache", newest_ms};
}

static void check_trust(const struct sim_caller *caller, const struct discovery_view *view)
{
    struct trust trust = trust_of(caller);
    if (strcmp(view->source, trust.source) != 0 || view->age_ms != clock_ms() - trust.confirmed_ms)
        trace_break(trace_of(caller),
                    "%s has a list from %s, %" PRId64 " ms old; expected: from %s, %" PRId64 " ms old",
                    caller->process.name, view->source, view->age_ms, trust.source, clock_ms() - trust.confirmed_ms);
}

static void check_use(const struct sim_caller *caller)
{
    struct world *world = caller->process.world;
    for (int i = 0; i < world->settings.registries; i++) {
        const struct link *link = &caller->process.links[i];
        int64_t since_ms = longer(link->to->healthy_since_ms, caller->process.healthy_since_ms);
        if (since_ms == DEADLINE_NONE)
            continue;
        int64_t silent_ms = clock_ms() - longer(since_ms, link->answered_ms);
        if (silent_ms > bound_learn_ms(&world->settings))
            trace_break(&world->trace, "%s has not used %s for %" PRId64 " ms, although it works", caller->process.name,
                        link->to->kind->name, silent_ms);
    }
}

static void check_list(struct sim_caller *caller)
{
    struct discovery_view view;
    if (!caller->discovery || discovery_look(caller->discovery, SERVICE, &view) != 0)
        return;
    check_trust(caller, &view);
    check_use(caller);
    if (!caller->observed)
        return;
    if (view.version == caller->version) {
        check_missing(caller);
        return;
    }
    observe_list(caller, &view);
    caller->version = view.version;
    caller->source = view.source;
    trace_note(trace_of(caller), caller->process.name, "has another list, of",
               view.list ? (int64_t)view.list->count : 0);
}

void invariants_check_all(struct world *world)
{
    if (world->is_ending)
        return;
    for (int r = 0; r < world->settings.registries; r++)
        for (int i = 0; i < world->settings.instances; i++) {
            check_registered(&world->registries[r], i);
            check_maintenance_kept(&world->registries[r], i);
            check_order_kept(&world->registries[r], i);
        }
    for (int i = 0; i < world->settings.callers; i++)
        check_list(&world->callers[i]);
}

void invariants_check_event(struct world *world)
{
    if (!world->settings.is_large)
        invariants_check_all(world);
}

/* --- 4: requests to the registry are bounded ------------------------------------------------ */

/* Of a leaky bucket: how fast it leaks, and how much it holds. */
struct allowance {
    double per_ms, burst;
};

/* A caller: two at once, then one each half second. An instance: in each interval between
 * two reconciliations (at least 0.8 × R) the query whether it is registered, the query for
 * its check's output, a registration and the heartbeat after it; a heartbeat each I; and
 * some more for the first steps of a backoff. */
static struct allowance allowance_of(const struct process *process)
{
    const struct settings *settings = &process->world->settings;
    if (process->number < 0)
        return (struct allowance){1.0 / PACE_BOUND_MS, PACE_BURST};
    return (struct allowance){4 / (0.8 * (double)settings->reconcile_ms) + 1 / (double)settings->check_interval_ms, 12};
}

/* A caller asks a registry that it polls again after 0.4 × TTL at the earliest, unless the last query failed. */
static void check_poll(const struct link *link)
{
    const struct settings *settings = &link->process->world->settings;
    int64_t since_ms = clock_ms() - link->answered_ms;
    bool is_polled = settings->poll || link->to->kind->polls;
    if (is_polled && link->answered_ms && !link->failed_ms && since_ms < settings->ttl_ms * 4 / 10)
        trace_break(&link->process->world->trace, "%s polls %s again after %" PRId64 " ms", link->process->name,
                    link->to->kind->name, since_ms);
}

void invariants_request(struct link *link)
{
    struct process *process = link->process;
    struct allowance allowance = allowance_of(process);
    int64_t now_ms = clock_ms();
    invariants_check_event(process->world);
    link->level -= allowance.per_ms * (double)(now_ms - link->level_ms);
    if (link->level < 0)
        link->level = 0;
    link->level_ms = now_ms;
    link->level += 1;
    if (process->killed || process->world->is_ending)
        return;
    if (process->number < 0)
        check_poll(link);
    if (process->number < 0 && link->failed_ms && now_ms - link->failed_ms < FIRST_BACKOFF_LEAST_MS)
        trace_break(&process->world->trace, "%s queries %s again %" PRId64 " ms after a failure", process->name,
                    link->to->kind->name, now_ms - link->failed_ms);
    if (link->level > allowance.burst + 0.001)
        trace_break(&process->world->trace, "%s sends %s more than %.1f requests a minute", process->name,
                    link->to->kind->name, allowance.per_ms * 60000);
}

void invariants_fetched(struct link *link, bool success)
{
    invariants_check_event(link->process->world); /* before this reply counts, so that each step is checked alone */
    link->failed_ms = success ? 0 : clock_ms();
    if (success)
        link->answered_ms = clock_ms();
}

/* --- 7: a deregistered instance stays deregistered ---------------------------------------------- */

void invariants_deregistered(const struct sim_instance *instance, const struct sim_registry *registry)
{
    if (registry->entries[instance->process.number].used)
        trace_break(&instance->process.world->trace, "%s has deregistered, but is in %s again",
                    instance->process.name, registry->kind->name);
}
