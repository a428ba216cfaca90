/* fault_kinds: each thing that can go wrong, as how it begins and how it ends. */
#ifndef SIMULATION_FAULT_KINDS_H
#define SIMULATION_FAULT_KINDS_H

#include "simulation/world.h"

enum target { ON_REGISTRY, ON_INSTANCE, ON_CALLER, ON_ALL };

enum extent {
    DISTURBS, /* keeps its victim from its promises */
    SILENCES, /* and in such a way that a registry gives no list to anybody */
    SPARES,   /* does not come between anybody and a registry */
};

struct fault {
    struct world *world;
    const struct fault_kind *kind;
    /* Where it is on one: */
    struct sim_registry *registry;
    struct sim_instance *instance;
    struct sim_caller *caller;
    int64_t lasts_ms;
};

struct fault_kind {
    const char *name;
    enum target target;
    int64_t longest_ms;
    void (*begin)(struct fault *fault);
    void (*end)(struct fault *fault); /* NULL: there is nothing to do */
    enum extent extent;
};

#endif
