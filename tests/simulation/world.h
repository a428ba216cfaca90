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

enum { CALLERS_MAX = 4 };

#define SERVICE "user-service"

struct world {
    uint64_t seed;
    int64_t minutes;
    struct settings settings;
    struct sim_registry registries[REGISTRIES_MAX];
    struct sim_instance instances[INSTANCES_MAX];
    struct sim_caller callers[CALLERS_MAX];
    struct group traffic, faults;
    int faults_now;
    int64_t calm_since_ms; /* no fault since; DEADLINE_NONE: there is one */
    bool rolling;          /* a rolling restart is on */
    bool is_ending;        /* no more calls, checks and promises */
    struct wait_queue over; /* woken when a promise is broken */
    struct trace trace;
    char broken[400];      /* the first broken promise; "": none */
};

void world_note(struct world *world, const char *who, const char *what, int64_t number);

#endif
