#include "simulation/rolling.h"

#include "base/clock.h"
#include "simulation/bounds.h"
#include "simulation/instances.h"

enum { AT_LEAST = 3, LOOK_MS = 500 };

/* As whoever deploys waits: until the new one passes its check, and a while longer. */
static void wait_until_back(struct sim_instance *instance)
{
    const struct world *world = instance->process.world;
    const struct sim_entry *entry = &world->registry.entries[instance->process.number];
    int64_t deadline = deadline_in(bound_return_ms(&world->settings));
    while (!(entry->used && entry->passing && entry->port == instance->port) && deadline_left(deadline) > 0)
        if (fiber_sleep(LOOK_MS) != 0)
            return;
    fiber_sleep(bound_learn_ms(&world->settings));
}

static void restart(struct sim_instance *instance)
{
    instance->process.in_fault = true;
    instance->process.well_since_ms = DEADLINE_NONE;
    instance_drain(instance);
    instance_start(instance, chance(80));
    wait_until_back(instance);
    instance->process.in_fault = false;
}

static void roll(void *arg)
{
    struct world *world = arg;
    world_note(world, "world", "a rolling restart begins", 0);
    for (int i = 0; i < world->settings.instances && !fiber_cancelled(); i++)
        if (!world->instances[i].process.in_fault)
            restart(&world->instances[i]);
    world->rolling = false;
    world_note(world, "world", "a rolling restart ends", 0);
}

void rolling_begin(struct world *world)
{
    if (world->rolling || world->settings.instances < AT_LEAST)
        return;
    world->rolling = group_go(&world->faults, roll, world) == 0;
}
