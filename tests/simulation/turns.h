/* turns: whether the balancer of a caller chose fairly (promises 12, 14 and 15 of invariants.h):
 * its zone's share of the calls, the listed instance after a missing one, and the caller's
 * own order. */
#ifndef SIMULATION_TURNS_H
#define SIMULATION_TURNS_H

#include "simulation/choice.h"

/* Checks the promises for an attempt at this port. */
void turns_check(struct call_record *record, uint16_t port);

#endif
