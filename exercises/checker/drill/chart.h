/* chart: the whole drill in the terminal: one column a second; for each caller a row
 * for its calls and a row for its list.
 */
#ifndef DRILL_CHART_H
#define DRILL_CHART_H

#include "record.h"

void chart_print(const struct record *record);

#endif
