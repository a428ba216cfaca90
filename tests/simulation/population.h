/* population: starts and stops the registries, instances and callers of a world. */
#ifndef SIMULATION_POPULATION_H
#define SIMULATION_POPULATION_H

#include "simulation/world.h"

/* The registries and the instances. */
void population_start_instances(struct world *world);
void population_start_callers(struct world *world);
/* Ends all that was started. */
void population_stop(struct world *world);

#endif
