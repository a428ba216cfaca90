/* timeline: the drill as it goes, a line a second, and one for whatever happens. */
#ifndef DRILL_TIMELINE_H
#define DRILL_TIMELINE_H

#include "record.h"

/* Who takes part, what the columns are, and their heads. */
void timeline_begin(const struct record *record);
void timeline_event(const struct event *event);
/* The last second of the record. */
void timeline_second(const struct record *record);

/* Prints text and blanks up to so many columns of the terminal: a Chinese character takes two. */
void print_padded(const char *text, int width);

#endif
