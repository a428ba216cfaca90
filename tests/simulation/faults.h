/* faults: begins faults at random. Each fault is a fiber of its own, which begins it, waits
 * and ends it. So faults overlap, but a process or a registry has only one at a time. */
#ifndef SIMULATION_FAULTS_H
#define SIMULATION_FAULTS_H

#include "simulation/world.h"

/* Begins a fault of a random kind, at a random target. */
void fault_begin(struct world *world);

#endif
