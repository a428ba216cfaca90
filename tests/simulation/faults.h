/* faults: what goes wrong, to whom, for how long. Each is a fiber of its own that
 * begins it, waits, and ends it; so many of them overlap, but for two of a kind
 * on the same process. */
#ifndef SIMULATION_FAULTS_H
#define SIMULATION_FAULTS_H

#include "simulation/world.h"

/* Begins one of all kinds, on somebody. */
void fault_begin(struct world *world);

#endif
