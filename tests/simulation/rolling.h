/* A rolling restart: one instance after the other drains, ends, and comes back,
 * mostly on another port, before the next one's turn. Not a fault: in calm no
 * call may fail because of it. */
#ifndef SIMULATION_ROLLING_H
#define SIMULATION_ROLLING_H

#include "simulation/world.h"

/* Begins one, where none is on and enough instances are there to serve meanwhile. */
void rolling_begin(struct world *world);

#endif
