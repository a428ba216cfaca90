#include "simulation/population.h"

#include <stdlib.h>

#include "simulation/caller_process.h"
#include "simulation/checker.h"
#include "simulation/instance_process.h"

void population_start_instances(struct world *world)
{
    for (int i = 0; i < world->settings.registries; i++) {
        struct sim_registry *registry = &world->registries[i];
        registry->world = world;
        registry->settings = &world->settings;
        registry->instances = world->instances;
        registry->trace = &world->trace;
        sim_registry_open(registry, world->settings.kinds[i]);
        group_go(&world->traffic, checker_run, registry);
    }
    for (int i = 0; i < world->settings.instances; i++) {
        instance_open(&world->instances[i], world, i);
        instance_start(&world->instances[i], false);
    }
}

void population_start_callers(struct world *world)
{
    for (int i = 0; i < world->settings.callers; i++) {
        caller_open(&world->callers[i], world, i);
        caller_start(&world->callers[i]);
        group_go(&world->traffic, caller_run, &world->callers[i]);
    }
}

void population_stop(struct world *world)
{
    group_cancel(&world->faults);
    group_join(&world->faults);
    world->is_ending = true;
    group_cancel(&world->traffic);
    group_join(&world->traffic);
    for (int i = 0; i < world->settings.callers; i++)
        caller_stop(&world->callers[i]);
    for (int i = 0; i < world->settings.instances; i++)
        instance_kill(&world->instances[i]);
    fiber_sleep(LATE_MS + HOP_MS); /* until the last messages have arrived */
    for (int i = 0; i < world->settings.registries; i++)
        sim_registry_close(&world->registries[i]);
    if (fibers_alive() > 1) {
        trace_break(&world->trace, "%zu fibers have not ended", fibers_alive() - 1);
        exit(1); /* they would also run in the next world */
    }
}
