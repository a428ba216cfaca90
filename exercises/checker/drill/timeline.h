/* timeline: the drill while it runs: one line a second, and one for each event. */
#ifndef DRILL_TIMELINE_H
#define DRILL_TIMELINE_H

#include "record.h"

/* Prints the callers and the heads of the columns. */
void timeline_begin(const struct record *record);
/* Prints each event and each second. */
extern const struct record_listener timeline_listener;

#endif
