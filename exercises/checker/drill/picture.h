/* picture: the whole drill as an SVG. Each caller has a lane with its calls and the age
 * of its list; all share one time axis, and the outage is shaded.
 */
#ifndef DRILL_PICTURE_H
#define DRILL_PICTURE_H

#include "base/err.h"
#include "record.h"

int picture_write(const struct record *record, struct text title, const char *path, struct err *err);

#endif
