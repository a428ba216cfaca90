/* canary_release: the story of a release: a new version gets 0 %, 10 % and 100 % of the users, and 0 % again. */
#ifndef PLAYGROUND_CANARY_RELEASE_H
#define PLAYGROUND_CANARY_RELEASE_H

#include "scenario.h"

enum { CANARY_STEPS = 4 };

void canary_release(struct scenario *scenario);

#endif
