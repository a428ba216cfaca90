/* fault_kinds: the type of a kind of fault: how it begins and how it ends. */
#ifndef SIMULATION_FAULT_KINDS_H
#define SIMULATION_FAULT_KINDS_H

#include "simulation/world.h"

enum target { ON_REGISTRY, ON_INSTANCE, ON_CALLER, ON_ALL };

enum extent {
    DISTURBS, /* its target cannot keep its promises meanwhile */
    SILENCES, /* the same, and the registry returns no list to any process */
    SPARES,   /* all processes still reach the registries */
};

struct fault {
    struct world *world;
    const struct fault_kind *kind;
    /* The target, if it is a single one: */
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
    void (*end)(struct fault *fault); /* NULL: nothing to do */
    enum extent extent;
};

#endif
