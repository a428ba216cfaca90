/* pg_transaction: several statements that are committed together or not at all. */
#ifndef STORE_PG_TRANSACTION_H
#define STORE_PG_TRANSACTION_H

#include <stdint.h>

#include "base/err.h"
#include "store/pg_statement.h"

struct pg;
struct pg_transaction;

/* Waits for a free connection, then sends BEGIN. The deadline is that of the
 * whole transaction. Errors of all functions: see pg.h. */
int pg_begin(struct pg *pg, int64_t deadline, struct pg_transaction **tx, struct err *err);
/* rows may be NULL. After an error the caller can only call pg_rollback. */
int pg_run(struct pg_transaction *tx, const struct pg_statement *statement, const char *const *params,
           struct pg_rows **rows, struct err *err);
/* Frees tx, also on error. ERR_UNKNOWN_OUTCOME: PostgreSQL did not confirm the commit, so it
 * may or may not have committed. After any other error nothing was committed. */
int pg_commit(struct pg_transaction *tx, struct err *err);
/* Frees tx. Takes at most 200 ms: then it closes the connection instead. */
void pg_rollback(struct pg_transaction *tx);

/* The four calls at once: runs one statement in a transaction of its own. If PostgreSQL undid the
 * transaction because of others (a serialization failure, a deadlock), repeats it until the deadline.
 * unique: this violation is ERR_CONFLICT, any other one ERR_FAILED; NULL: none is expected. */
int pg_execute(struct pg *pg, const struct pg_statement *statement, const char *const *params,
               const struct pg_unique *unique, int64_t deadline, struct pg_rows **rows, struct err *err);

/* The same for an INSERT … RETURNING, which must return a row: a trigger may skip it without an error. */
int pg_add_row(struct pg *pg, const struct pg_statement *statement, const char *const *params,
               const struct pg_unique *unique, int64_t deadline, struct pg_rows **rows, struct err *err);

/* 0 if a transaction can begin that may write, or if all connections are busy with others.
 * -1: the error that writing requests meet now, such as ERR_READ_ONLY. */
int pg_check_writable(struct pg *pg, int64_t deadline, struct err *err);

#endif
