/* One statement in a transaction of its own.
 *
 * PostgreSQL may undo a transaction only because it met others: a serialization failure or
 * a deadlock. That says nothing about the statement, and the client should not have to know
 * it: the same transaction, sent again, succeeds.
 */
#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/sync.h"
#include "store/pg_error.h"
#include "store/pg_internal.h"
#include "store/pg_session.h"
#include "store/pg_transaction.h"

static int check_row(const struct pg_rows *rows, struct err *err)
{
    if (pg_rows_count(rows) > 0)
        return 0;
    pg_log_error("", "PostgreSQL added no row; a trigger may have skipped it");
    return err_set(err, ERR_FAILED, "PostgreSQL added no row; a trigger may have skipped it");
}

static int execute_once(struct pg *pg, const struct pg_statement *statement, const char *const *params, bool adds_row,
                        const struct pg_unique *unique, int64_t deadline, struct pg_rows **rows, struct err *err)
{
    struct pg_transaction *tx;
    if (pg_begin(pg, deadline, &tx, err) != 0)
        return -1;
    tx->unique = unique;
    if (pg_run(tx, statement, params, rows, err) != 0 || (adds_row && rows && check_row(*rows, err) != 0)) {
        pg_rollback(tx);
        return -1;
    }
    return pg_commit(tx, err);
}

static int execute(struct pg *pg, const struct pg_statement *statement, const char *const *params, bool adds_row,
                   const struct pg_unique *unique, int64_t deadline, struct pg_rows **rows, struct err *err)
{
    struct backoff backoff = BACKOFF_INIT(2, 100); /* the jitter parts those that met */
    for (;;) {
        struct err seen = ERR_INIT;
        if (execute_once(pg, statement, params, adds_row, unique, deadline, rows, &seen) == 0)
            return 0;
        if (rows) { /* no row, or the COMMIT failed after the statement had returned some */
            pg_rows_free(*rows);
            *rows = NULL;
        }
        int64_t pause_ms = backoff_next(&backoff);
        if (seen.code != ERR_AGAIN || deadline_left(deadline) <= pause_ms || fiber_sleep(pause_ms) != 0)
            return err_set(err, seen.code, "%s", seen.text);
    }
}

int pg_execute(struct pg *pg, const struct pg_statement *statement, const char *const *params,
               const struct pg_unique *unique, int64_t deadline, struct pg_rows **rows, struct err *err)
{
    return execute(pg, statement, params, false, unique, deadline, rows, err);
}

int pg_add_row(struct pg *pg, const struct pg_statement *statement, const char *const *params,
               const struct pg_unique *unique, int64_t deadline, struct pg_rows **rows, struct err *err)
{
    return execute(pg, statement, params, true, unique, deadline, rows, err);
}
