/* rolling: a rolling restart. One instance after the other drains, ends and starts again,
 * mostly on another port. It is not a fault: without faults no call may fail because of it. */
#ifndef SIMULATION_ROLLING_H
#define SIMULATION_ROLLING_H

#include "simulation/world.h"

/* Begins one, unless one is under way, or too few instances are left to serve meanwhile. */
void rolling_begin(struct world *world);
/* Restarts one instance, and waits until its new process is known. In a fiber. */
void rolling_restart(struct sim_instance *instance);

#endif
