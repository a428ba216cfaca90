/* probes: health checks of dependencies that both services have. */
#ifndef SERVICE_PROBES_H
#define SERVICE_PROBES_H

#include "store/pg.h"

/* Reads a table of the service (a statement without parameters): a connection is
 * useless without the schema. At the start and after a restart it first waits up
 * to 200 ms for the connection. 0, or -1 with err. */
int probe_postgres(struct pg *pg, const struct pg_statement *statement, int64_t deadline, struct err *err);

#endif
