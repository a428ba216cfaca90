/* probes: health checks of dependencies that both services have. */
#ifndef SERVICE_PROBES_H
#define SERVICE_PROBES_H

#include "store/pg.h"

/* Runs the statement, which has no parameters and reads a table of the service: a
 * connection is useless without the schema. If there is no connection yet (after a
 * start of the service or of PostgreSQL), waits for it, up to 200 ms. 0, or -1 with
 * err. */
int probe_postgres(struct pg *pg, const struct pg_statement *statement, int64_t deadline, struct err *err);

#endif
