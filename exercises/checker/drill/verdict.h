/* verdict: how each caller came through, and where one did not, which of the
 * lesson's steps is missing.
 */
#ifndef DRILL_VERDICT_H
#define DRILL_VERDICT_H

#include "record.h"

/* Tells it. True if nobody failed a call or made one wait that need not have, the naive one aside. */
bool verdict_tell(const struct record *record);

#endif
