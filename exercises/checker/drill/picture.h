/* picture: the drill as an SVG: a lane for each caller with its calls and, below
 * them, how old its list is, over one axis of time; the outage is shaded.
 */
#ifndef DRILL_PICTURE_H
#define DRILL_PICTURE_H

#include "base/err.h"
#include "record.h"

int picture_write(const struct record *record, struct text title, const char *path, struct err *err);

#endif
