/* table: prints what was measured, and beside it what the lesson says of each kind. */
#ifndef COMPARE_TABLE_H
#define COMPARE_TABLE_H

#include "result.h"

/* One column for each kind that was measured. */
void table_print(const struct result results[KINDS]);
/* The lesson's claims, each with what was seen and whether it holds today. Leaves out the kinds that were not measured.
 */
void claims_print(const struct result results[KINDS]);

#endif
