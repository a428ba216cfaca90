#include "simulation/faults.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/rand.h"
#include "simulation/process_faults.h"
#include "simulation/registry_faults.h"

static const char *target_name(const struct fault *fault)
{
    if (fault->registry)
        return fault->registry->kind->name;
    if (fault->instance)
        return fault->instance->process.name;
    return fault->caller ? fault->caller->process.name : "world";
}

static void set_registry_healthy(struct sim_registry *registry, const struct fault *fault, int64_t since_ms)
{
    registry->healthy_since_ms = since_ms;
    registry->silent_since_ms = fault->kind->extent == SILENCES && since_ms == DEADLINE_NONE ? clock_ms() : 0;
}

/* Since when the target can keep its promises; DEADLINE_NONE: it cannot now. */
static void set_healthy_since(struct fault *fault, int64_t since_ms)
{
    if (fault->kind->extent == SPARES)
        return;
    if (fault->instance)
        fault->instance->process.healthy_since_ms = since_ms;
    else if (fault->caller)
        fault->caller->process.healthy_since_ms = since_ms;
    else if (fault->registry)
        set_registry_healthy(fault->registry, fault, since_ms);
    else
        for (int i = 0; i < fault->world->settings.registries; i++)
            set_registry_healthy(&fault->world->registries[i], fault, since_ms);
}

static void set_in_fault(struct fault *fault, bool in_fault)
{
    if (fault->instance)
        fault->instance->process.in_fault = in_fault;
    else if (fault->caller)
        fault->caller->process.in_fault = in_fault;
    else if (fault->registry)
        fault->registry->in_fault = in_fault;
    else
        for (int i = 0; i < fault->world->settings.registries; i++)
            fault->world->registries[i].in_fault = in_fault;
}

static void run_fault(void *arg)
{
    struct fault *fault = arg;
    struct world *world = fault->world;
    trace_note(&world->trace, target_name(fault), fault->kind->name, fault->lasts_ms);
    world->calm_since_ms = DEADLINE_NONE;
    set_healthy_since(fault, DEADLINE_NONE);
    fault->kind->begin(fault);
    fiber_sleep(fault->lasts_ms);
    if (fault->kind->end)
        fault->kind->end(fault);
    set_healthy_since(fault, clock_ms());
    set_in_fault(fault, false);
    if (--world->faults_now == 0)
        world->calm_since_ms = clock_ms();
    trace_note(&world->trace, target_name(fault), fault->kind->name, 0);
    free(fault);
}

static bool is_any_in_fault(const struct world *world)
{
    for (int i = 0; i < world->settings.registries; i++)
        if (world->registries[i].in_fault)
            return true;
    for (int i = 0; i < world->settings.instances; i++)
        if (world->instances[i].process.in_fault)
            return true;
    return false;
}

/* True: it has found a target that is in no other fault. */
static bool choose_target(struct fault *fault)
{
    struct world *world = fault->world;
    const struct settings *settings = &world->settings;
    switch (fault->kind->target) {
    case ON_REGISTRY:
        fault->registry = &world->registries[rand_below((uint64_t)settings->registries)];
        return !fault->registry->in_fault;
    case ON_INSTANCE:
        fault->instance = &world->instances[rand_below((uint64_t)settings->instances)];
        return !fault->instance->process.in_fault;
    case ON_CALLER:
        fault->caller = &world->callers[rand_below((uint64_t)settings->callers)];
        return !fault->caller->process.in_fault;
    case ON_ALL:
        return !is_any_in_fault(world);
    }
    return false;
}

static const struct fault_kind *choose_kind(void)
{
    size_t drawn = rand_below(registry_fault_count + process_fault_count);
    return drawn < registry_fault_count ? &registry_faults[drawn] : &process_faults[drawn - registry_fault_count];
}

void fault_begin(struct world *world)
{
    struct fault *fault = calloc(1, sizeof *fault);
    if (!fault)
        return;
    fault->world = world;
    fault->kind = choose_kind();
    fault->lasts_ms = between(1, fault->kind->longest_ms);
    if (!choose_target(fault) || group_go(&world->faults, run_fault, fault) != 0) {
        free(fault);
        return;
    }
    set_in_fault(fault, true);
    world->faults_now++;
}
