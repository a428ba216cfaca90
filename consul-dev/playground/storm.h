/* storm: many instances that start at the same time, and how fast they register. */
#ifndef PLAYGROUND_STORM_H
#define PLAYGROUND_STORM_H

#include "scenario.h"

enum { STORM_INSTANCES = 20 };

/* Starts them. */
void storm_begin(struct scenario *scenario);
/* All of the picture's instances are in Consul's list. */
bool storm_is_listed(const struct model *model, const char *id);
/* The most registrations within any second, from the instances' logs. */
int storm_peak(const struct scenario *scenario);
/* Stops them. */
void storm_end(struct scenario *scenario);
/* None is left that is being removed. */
bool storm_is_gone(const struct model *model, const char *id);

#endif
