/* rates: 17 to 19, ejection for the failure rate (invariants.h).
 *
 * The simulated instances that fail half of their calls answer every second call of each caller
 * with 500. So five failures in a row never eject one. */
#ifndef SIMULATION_RATES_H
#define SIMULATION_RATES_H

#include "simulation/callers.h"

/* An attempt is about to be sent to this port. */
void rates_attempt_begins(const struct call_record *record, uint16_t port);
/* An attempt at this port has ended. */
void rates_attempt_ended(struct sim_caller *caller, uint16_t port, bool failed);

#endif
