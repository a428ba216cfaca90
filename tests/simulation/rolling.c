#include "simulation/rolling.h"

#include "base/clock.h"
#include "simulation/bounds.h"
#include "simulation/instance_process.h"

enum { AT_LEAST = 3, LOOK_MS = 500 };

static bool is_back(const struct sim_instance *instance)
{
    const struct world *world = instance->process.world;
    for (int i = 0; i < world->settings.registries; i++)
        if (!sim_registry_has(&world->registries[i], instance->process.number, instance->port))
            return false;
    return true;
}

/* Waits as a deployment does: until the new process passes its check, and some time longer. */
static void wait_until_back(struct sim_instance *instance)
{
    const struct world *world = instance->process.world;
    int64_t deadline = deadline_in(bound_return_ms(&world->settings));
    while (!is_back(instance) && deadline_left(deadline) > 0)
        if (fiber_sleep(LOOK_MS) != 0)
            return;
    fiber_sleep(bound_learn_ms(&world->settings));
}

void rolling_restart(struct sim_instance *instance)
{
    instance->process.in_fault = true;
    instance->process.healthy_since_ms = DEADLINE_NONE;
    instance_drain(instance);
    instance_start(instance, chance(80));
    wait_until_back(instance);
    instance->process.in_fault = false;
}

static void roll(void *arg)
{
    struct world *world = arg;
    trace_note(&world->trace, "world", "a rolling restart begins", 0);
    for (int i = 0; i < world->settings.instances && !fiber_cancelled(); i++)
        if (!world->instances[i].process.in_fault)
            rolling_restart(&world->instances[i]);
    world->rolling = false;
    trace_note(&world->trace, "world", "a rolling restart ends", 0);
}

void rolling_begin(struct world *world)
{
    if (world->rolling || world->settings.instances < AT_LEAST)
        return;
    world->rolling = group_go(&world->faults, roll, world) == 0;
}
