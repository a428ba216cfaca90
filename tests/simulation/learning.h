/* learning: how long callers need to know what the registry knows. */
#ifndef SIMULATION_LEARNING_H
#define SIMULATION_LEARNING_H

#include "simulation/world.h"

/* The registry has changed just now. Waits until each caller has a list with this change, and writes to standard output
 * when the first, the median and the last one had it. */
void learning_wait(struct world *world);

#endif
