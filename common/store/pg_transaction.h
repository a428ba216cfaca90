/* pg_transaction: several statements that are committed together or not at all. */
#ifndef STORE_PG_TRANSACTION_H
#define STORE_PG_TRANSACTION_H

#include <stdint.h>

#include "base/err.h"
#include "store/pg_statement.h"

struct pg;
struct pg_transaction;

/* Waits for a free connection, then sends BEGIN. The deadline is that of the
 * whole transaction. Errors of all four functions: see pg.h. */
int pg_begin(struct pg *pg, int64_t deadline, struct pg_transaction **tx, struct err *err);
/* rows may be NULL. After an error the caller can only call pg_rollback. */
int pg_run(struct pg_transaction *tx, const struct pg_statement *statement, const char *const *params,
           struct pg_rows **rows, struct err *err);
int pg_commit(struct pg_transaction *tx, struct err *err); /* frees tx, also on error */
/* Frees tx. Takes at most 200 ms: then it closes the connection instead. */
void pg_rollback(struct pg_transaction *tx);

#endif
