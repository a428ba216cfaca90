/* probes: health checks of dependencies that both services have. */
#ifndef SERVICE_PROBES_H
#define SERVICE_PROBES_H

#include <stdint.h>

#include "base/err.h"
#include "store/pg.h"

/* Runs a statement without parameters over a table of the service: a connection
 * is not enough where there is no schema. 0, or -1 with err. A connection that
 * is just being made (at the start, after a restart) gets a moment's grace. */
int probe_postgres(struct pg *pg, const struct pg_statement *statement, int64_t deadline, struct err *err);

#endif
