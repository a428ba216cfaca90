/* ramps: whether the calls to an instance in slow start grow with its share (promise 20 of
 * invariants.h). It is checked where it is certain who else has a full share: without zones
 * and backup requests, and for the policies that take turns. */
#ifndef SIMULATION_RAMPS_H
#define SIMULATION_RAMPS_H

#include "simulation/choice.h"

/* Checks the promise for an attempt at this port. */
void ramps_check(struct call_record *record, uint16_t port);
/* The balancer may have had a list that no attempt shows. */
void ramps_forget(struct sim_caller *caller);

#endif
