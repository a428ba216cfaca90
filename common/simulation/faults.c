#include "simulation/faults.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/rand.h"
#include "simulation/fault_kinds.h"

static const char *victim(const struct fault *fault)
{
    if (fault->instance)
        return fault->instance->process.name;
    return fault->caller ? fault->caller->process.name : "world";
}

/* Whom it keeps from its promise, from `since` on; DEADLINE_NONE: for now. */
static void set_well_since(struct fault *fault, int64_t since_ms)
{
    struct world *world = fault->world;
    if (fault->kind->spares_registration)
        return;
    if (fault->instance)
        fault->instance->process.well_since_ms = since_ms;
    else if (fault->caller)
        fault->caller->process.well_since_ms = since_ms;
    else
        world->registry.well_since_ms = since_ms;
}

static void set_in_fault(struct fault *fault, bool in_fault)
{
    if (fault->instance)
        fault->instance->process.in_fault = in_fault;
    else if (fault->caller)
        fault->caller->process.in_fault = in_fault;
    else
        fault->world->registry.in_fault = in_fault;
}

static void run_fault(void *arg)
{
    struct fault *fault = arg;
    struct world *world = fault->world;
    world_note(world, victim(fault), fault->kind->name, fault->lasts_ms);
    world->calm_since_ms = DEADLINE_NONE;
    set_well_since(fault, DEADLINE_NONE);
    fault->kind->begin(fault);
    fiber_sleep(fault->lasts_ms);
    fault->kind->end(fault);
    set_well_since(fault, clock_ms());
    set_in_fault(fault, false);
    if (--world->faults_now == 0)
        world->calm_since_ms = clock_ms();
    world_note(world, victim(fault), fault->kind->name, 0);
    free(fault);
}

/* True: it has a victim that is in no other fault. */
static bool choose_victim(struct fault *fault)
{
    struct world *world = fault->world;
    if (fault->kind->target == ON_INSTANCE) {
        fault->instance = &world->instances[rand_below((uint64_t)world->settings.instances)];
        return !fault->instance->process.in_fault;
    }
    if (fault->kind->target == ON_CALLER) {
        fault->caller = &world->callers[rand_below((uint64_t)world->settings.callers)];
        return !fault->caller->process.in_fault;
    }
    if (fault->kind->target == ON_REGISTRY)
        return !world->registry.in_fault;
    for (int i = 0; i < world->settings.instances; i++)
        if (world->instances[i].process.in_fault)
            return false;
    return !world->registry.in_fault;
}

void fault_begin(struct world *world)
{
    struct fault *fault = calloc(1, sizeof *fault);
    if (!fault)
        return;
    fault->world = world;
    fault->kind = &fault_kinds[rand_below(fault_kind_count)];
    fault->lasts_ms = between(1, fault->kind->longest_ms);
    if (!choose_victim(fault) || group_go(&world->faults, run_fault, fault) != 0) {
        free(fault);
        return;
    }
    set_in_fault(fault, true);
    world->faults_now++;
}
