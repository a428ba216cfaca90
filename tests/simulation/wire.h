/* wire: connects the real code of a process to the simulated registries, in place of HTTP. */
#ifndef SIMULATION_WIRE_H
#define SIMULATION_WIRE_H

#include "simulation/world.h"

/* Lets this process reach all registries of its world. */
void wire_connect(struct process *process, struct world *world);

#endif
