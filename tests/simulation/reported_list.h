/* reported_list: the list that a simulated registry reports now, true or not. */
#ifndef SIMULATION_REPORTED_LIST_H
#define SIMULATION_REPORTED_LIST_H

#include "simulation/registry.h"

/* The caller gets the reference. */
struct instance_list *reported_list(struct sim_registry *registry);

#endif
