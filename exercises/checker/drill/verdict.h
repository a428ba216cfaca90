/* verdict: whether each caller survived the outage, and if not, which of the lesson's
 * steps is missing.
 */
#ifndef DRILL_VERDICT_H
#define DRILL_VERDICT_H

#include "record.h"

/* Prints it. True if, the naive client aside, no call failed and no call waited that did not have to. */
bool verdict_print(const struct record *record);

#endif
