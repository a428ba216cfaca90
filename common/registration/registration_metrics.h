/* registration_metrics: the metrics of an instance's registrations, in the text format of Prometheus. */
#ifndef REGISTRATION_REGISTRATION_METRICS_H
#define REGISTRATION_REGISTRATION_METRICS_H

#include <stddef.h>

#include "base/buf.h"

struct registration;

/* One registration for each registry; a NULL one is left out. */
void registration_metrics(struct registration *const *registrations, size_t count, struct buf *out);

#endif
