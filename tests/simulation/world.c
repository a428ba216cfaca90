#include "simulation/world.h"

#include <stdlib.h>

#include "base/clock.h"

static bool open_registries(struct world *world, size_t named)
{
    for (int i = 0; i < world->settings.registries; i++) {
        world->registries[i].entries = calloc(named, sizeof *world->registries[i].entries);
        if (!world->registries[i].entries)
            return false;
    }
    return true;
}

static bool open_instances(struct world *world, size_t named)
{
    world->instances = calloc(named, sizeof *world->instances);
    for (size_t i = 0; world->instances && i < named; i++) {
        world->instances[i].died_ms = calloc((size_t)ports_lives(), sizeof *world->instances[i].died_ms);
        if (!world->instances[i].died_ms)
            return false;
    }
    return world->instances != NULL;
}

static bool open_callers(struct world *world, size_t named)
{
    world->callers = calloc((size_t)world->settings.callers, sizeof *world->callers);
    for (int i = 0; world->callers && i < world->settings.callers; i++) {
        struct sim_caller *caller = &world->callers[i];
        caller->half_failed = calloc(named, sizeof *caller->half_failed);
        if (!world->settings.is_large)
            caller->observed = calloc(named, sizeof *caller->observed);
        if (!caller->half_failed || (!caller->observed && !world->settings.is_large))
            return false;
    }
    return world->callers != NULL;
}

struct world *world_new(const struct settings *settings)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        return NULL;
    world->settings = *settings;
    world->trace.settings = &world->settings;
    world->calm_since_ms = clock_ms();
    size_t named = (size_t)ports_divide(settings->instances);
    if (open_registries(world, named) && open_instances(world, named) && open_callers(world, named))
        return world;
    world_free(world);
    return NULL;
}

void world_free(struct world *world)
{
    if (!world)
        return;
    for (int i = 0; i < REGISTRIES_MAX; i++)
        free(world->registries[i].entries);
    for (int i = 0; world->instances && i < ports_divide(world->settings.instances); i++)
        free(world->instances[i].died_ms);
    for (int i = 0; world->callers && i < world->settings.callers; i++) {
        free(world->callers[i].half_failed);
        free(world->callers[i].observed);
    }
    free(world->instances);
    free(world->callers);
    free(world);
}
