/* explain: describes a crash or a timeout, and finds the line where it happened.
 * Private to the checker. */
#ifndef EXERCISES_EXPLAIN_H
#define EXERCISES_EXPLAIN_H

#include <stddef.h>

#include "attempt.h"

/* The cause, in the reader's language. The attempt has CRASHED or taken TOO_LONG. */
void explain(const struct attempt *attempt, const struct check *check, char *out, size_t size);
/* The line of `file` in which it happened; 0: unknown. */
int explain_line(const struct attempt *attempt, const char *file);

#endif
