/* slow_instance: the story of an instance that is ten times slower than the others, and what helps against it. */
#ifndef PLAYGROUND_SLOW_INSTANCE_H
#define PLAYGROUND_SLOW_INSTANCE_H

#include "scenario.h"

enum { SLOW_STEPS = 4 };

void slow_instance(struct scenario *scenario);

#endif
