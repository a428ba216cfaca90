/* world: who is in a simulation: one or two registries, up to 64 instances of one
 * service, up to 4 callers of it; and what goes on. */
#ifndef SIMULATION_WORLD_H
#define SIMULATION_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "simulation/callers.h"
#include "simulation/instances.h"
#include "simulation/registry.h"
#include "simulation/settings.h"
#include "simulation/trace.h"

struct world {
    struct settings settings;
    struct sim_registry registries[REGISTRIES_MAX];
    struct sim_instance instances[INSTANCES_MAX];
    struct sim_caller callers[CALLERS_MAX];
    struct group traffic, faults;
    int faults_now;
    int64_t calm_since_ms; /* no fault since; DEADLINE_NONE: there is one */
    bool rolling;          /* a rolling restart is on */
    bool is_ending;        /* no more calls, checks and promises */
    struct trace trace;
};

#endif
