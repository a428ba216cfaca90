/* verdict: whether each caller survived the outage, and if not, which of the lesson's
 * steps is missing.
 */
#ifndef DRILL_VERDICT_H
#define DRILL_VERDICT_H

#include "record.h"

/* Prints the verdict. True if no caller has a fault: its calls did not fail, few of them waited, and it uses Consul's
 * list again. The naive client does not count. */
bool verdict_print(const struct record *record);

#endif
