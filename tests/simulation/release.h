/* release: in a canary release, a call goes to its user's side, or where it must (promise 21). */
#ifndef SIMULATION_RELEASE_H
#define SIMULATION_RELEASE_H

#include "simulation/choice.h"

/* Checks the promise for an attempt at this port. */
void release_check(const struct call_record *record, uint16_t port);

#endif
