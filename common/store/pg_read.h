/* pg_read: reads of many fibers on one or two shared connections. */
#ifndef STORE_PG_READ_H
#define STORE_PG_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/pg_statement.h"

struct pg;

/* Runs a statement that only reads. deadline: clock_ms(); pg_config.timeout_ms
 * applies as well. After 0 the caller frees *rows. Errors: see pg.h. */
int pg_read(struct pg *pg, const struct pg_statement *statement, const char *const *params, int64_t deadline,
            struct pg_rows **rows, struct err *err);

/* True while a connection for reads is up and answers. */
bool pg_is_up(const struct pg *pg);

#endif
