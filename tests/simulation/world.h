/* world: all parts of a simulation: one to three registries, the instances of one service,
 * the callers of it, and the faults that are on. */
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
    struct sim_instance *instances; /* one for each that a port can name */
    struct sim_caller *callers;
    struct group traffic, faults;
    int faults_now;
    int64_t calm_since_ms; /* since when there is no fault; DEADLINE_NONE: there is one */
    bool rolling;          /* a rolling restart is under way */
    bool is_ending;        /* no more calls and checks; the promises end */
    uint64_t calls, failed_calls, failed_attempts; /* that have ended */
    struct trace trace;
};

/* A world with these settings, in which nothing has begun. NULL: out of memory. */
struct world *world_new(const struct settings *settings);
void world_free(struct world *world); /* NULL is allowed */

#endif
