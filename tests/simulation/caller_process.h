/* caller_process: the process of a simulated caller: real discovery, a real client, and the
 * calls that it sends. */
#ifndef SIMULATION_CALLER_PROCESS_H
#define SIMULATION_CALLER_PROCESS_H

#include "simulation/world.h"

void caller_open(struct sim_caller *caller, struct world *world, int number);
/* Starts the process, with nothing in its memory. */
void caller_start(struct sim_caller *caller);
/* Waits for the calls that are under way. In a fiber. */
void caller_stop(struct sim_caller *caller);
/* Sends calls until the world ends. A fiber; arg is the caller. */
void caller_run(void *arg);

#endif
