/* pg: PostgreSQL without blocking, in two shapes for two needs.
 *
 * Reads of many fibers share one or two connections in libpq's pipeline mode.
 * What the fibers of one turn of the loop ask goes out in one write, with one
 * Sync: measured 60 to 90 k point reads a second where a pool of 32 connections
 * makes 25 k, at less CPU. A statement that fails takes the rest of its batch
 * with it; these are then sent again singly, so the callers see only their own
 * errors. Transactions need a connection each: a small pool, first come, first
 * served.
 *
 * Connections are made in the background and made again when they break, with
 * back-off; a call while there is none fails at once, with the reason. A server
 * that hangs costs its callers no more than their deadline, and then nobody:
 * once a call timed out, the others fail at once until it answers again.
 */
#ifndef STORE_PG_H
#define STORE_PG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct pg;
struct pg_rows;
struct pg_transaction;

/* Prepared once on each connection, at first use. Static: compared by address. */
struct pg_statement {
    const char *name;
    const char *sql; /* $1, $2, …; parameters and results travel as text */
    int params;
};

struct pg_config {
    const char *url;     /* any libpq URI */
    int64_t timeout_ms;  /* bound of any wait for PostgreSQL; statement_timeout is a little less */
    int read_connections;        /* pipelined: 1 or 2 */
    int transaction_connections; /* opened when first needed */
};

/* 0 or -1: could libpq use it? For checking a setting. Nothing is connected. */
int pg_check_url(const char *url);

/* Starts connecting in the background (fibers of its own). NULL only out of memory. */
struct pg *pg_new(const struct pg_config *config);
/* Ends its fibers and connections; no call may be under way. Called in a fiber. */
void pg_close(struct pg *pg);

/* Errors of all calls: ERR_UNREACHABLE (no connection; text says why),
 * ERR_TIMEOUT, ERR_BROKEN (lost while asking), ERR_CONFLICT (unique, 23505),
 * ERR_NOT_FOUND (no such table: no schema), ERR_INVALID (the value is not
 * acceptable to PostgreSQL), ERR_FAILED, ERR_CANCELLED. deadline: clock_ms();
 * config's timeout applies as well. */
int pg_read(struct pg *pg, const struct pg_statement *statement, const char *const *params, int64_t deadline,
            struct pg_rows **rows, struct err *err); /* *rows: the caller frees; only after 0 */

int pg_begin(struct pg *pg, int64_t deadline, struct pg_transaction **tx, struct err *err);
/* rows may be NULL. After an error only pg_rollback makes sense. */
int pg_run(struct pg_transaction *tx, const struct pg_statement *statement, const char *const *params,
           struct pg_rows **rows, struct err *err);
int pg_commit(struct pg_transaction *tx, struct err *err); /* frees tx, also on error */
void pg_rollback(struct pg_transaction *tx);               /* frees tx; never waits long: drops the connection if it must */

size_t pg_rows_count(const struct pg_rows *rows);
/* Text, "" for NULL; borrowed from rows. */
const char *pg_rows_get(const struct pg_rows *rows, size_t row, int column);
void pg_rows_free(struct pg_rows *rows); /* NULL is allowed */

/* Is a connection up now? */
bool pg_is_up(const struct pg *pg);
void pg_metrics(const struct pg *pg, struct buf *out);

#endif
