/* fault_kinds: each thing that can go wrong, as how it begins and how it ends. */
#ifndef SIMULATION_FAULT_KINDS_H
#define SIMULATION_FAULT_KINDS_H

#include "simulation/world.h"

enum target { ON_REGISTRY, ON_INSTANCE, ON_CALLER, ON_ALL };

struct fault {
    struct world *world;
    const struct fault_kind *kind;
    struct sim_instance *instance; /* where it is on one */
    struct sim_caller *caller;
    int64_t lasts_ms;
};

struct fault_kind {
    const char *name;
    enum target target;
    int64_t longest_ms;
    void (*begin)(struct fault *fault);
    void (*end)(struct fault *fault);
    bool spares_registration; /* it does not keep its process from the registry */
};

extern const struct fault_kind fault_kinds[];
extern const size_t fault_kind_count;

#endif
