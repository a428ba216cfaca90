/* chart: the drill at a glance, in the terminal: a column for each second, a row
 * for each caller's calls, and one for its list.
 */
#ifndef DRILL_CHART_H
#define DRILL_CHART_H

#include "record.h"

void chart_print(const struct record *record);

#endif
