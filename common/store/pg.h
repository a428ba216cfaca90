/* pg: a client for PostgreSQL that does not block the loop.
 *
 * Reads (pg_read.h) of many fibers share one or two connections in libpq's
 * pipeline mode. All statements of one turn of the loop go out in one write,
 * with one Sync: we measured 60,000 to 90,000 point reads a second; a pool of
 * 32 connections reached 25,000 and used more CPU. A statement that fails
 * aborts the rest of its batch; these statements are then sent again one by one,
 * so each caller sees only its own errors.
 *
 * Each transaction (pg_transaction.h) needs a connection of its own, from a small
 * pool: first come, first served.
 *
 * The connections for reads are opened in the background, and opened again with
 * backoff when they break. While there is no connection, a call fails at once, with
 * the reason. If the server hangs, the calls that wait for it time out. After that
 * every call fails at once, until the server answers again.
 */
#ifndef STORE_PG_H
#define STORE_PG_H

#include "base/buf.h"
#include "store/pg_read.h"
#include "store/pg_statement.h"
#include "store/pg_transaction.h"

/* Errors of all calls: ERR_UNREACHABLE (no connection; the text says why),
 * ERR_TIMEOUT, ERR_BROKEN (the connection was lost during the call),
 * ERR_CONFLICT (the unique violation that pg_execute expects), ERR_NOT_FOUND (no such table: the
 * schema is not loaded), ERR_INVALID (PostgreSQL cannot accept the value), ERR_READ_ONLY,
 * ERR_UNKNOWN_OUTCOME (of a commit),
 * ERR_FAILED, ERR_CANCELLED. */

struct pg_config {
    const char *url;             /* any libpq URI */
    int64_t timeout_ms;          /* limit of any wait for PostgreSQL; statement_timeout is 10 % shorter */
    int read_connections;        /* pipelined: 1 or 2 */
    int transaction_connections; /* opened when first needed */
};

/* 0 if libpq can use it, else -1. For the check of a setting: does not connect. */
int pg_check_url(const char *url);

/* Starts connecting in the background (in fibers of its own). NULL: out of memory. */
struct pg *pg_new(const struct pg_config *config);
/* Ends its fibers and connections. No call may be in progress. Must run in a fiber. */
void pg_close(struct pg *pg);

void pg_metrics(const struct pg *pg, struct buf *out);

#endif
