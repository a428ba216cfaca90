/* show: prints the result of a check for the learner, in colour on a terminal.
 * Private to the checker. */
#ifndef EXERCISES_SHOW_H
#define EXERCISES_SHOW_H

#include "attempt.h"

/* "✓ 2/6 text". A bonus check has no number. */
void show_line(const struct check *check, int number, int total, bool passed, const char *text);
/* What the learner's code printed in a failed check; nothing if it printed nothing. */
void show_printed(const struct attempt *attempt);

#endif
