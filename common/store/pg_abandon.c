/* Ends what a transaction left running that got no reply in time.
 *
 * To close the connection is not enough: a COMMIT that waits for a synchronous standby
 * does not notice it, and each such backend keeps one of the server's slots. So
 * PostgreSQL is asked to cancel it, over a connection for reads (libpq's PQcancel would
 * block). Until the backend has ended, its place in the pool stays taken: otherwise the
 * server would see more connections than the pool has.
 */
#include "base/clock.h"
#include "loop/fiber.h"
#include "store/pg_internal.h"
#include "store/pg_read.h"
#include "store/pg_session.h"

/* An idle session in an open transaction ignores a cancellation, but not its end. */
enum { CANCELS = 3 };

/* xact_start: a process id alone could by now belong to another transaction, or be
 * one of another server. */
static const struct pg_statement cancel = {
    "cancel",
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1::int AND xact_start = $2::timestamptz", 2};
static const struct pg_statement terminate = {
    "terminate",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1::int AND xact_start = $2::timestamptz", 2};

/* True: PostgreSQL says that this transaction does not run any more. */
static bool is_gone(struct pg_transaction *tx, const struct pg_statement *statement)
{
    const char *const params[] = {tx->process, tx->began};
    struct pg_rows *rows;
    struct err err = ERR_INIT;
    if (pg_read(tx->pg, statement, params, DEADLINE_NONE, &rows, &err) != 0)
        return false;
    bool gone = pg_rows_count(rows) == 0;
    pg_rows_free(rows);
    return gone;
}

/* True: the reply came after all, or the connection is lost. */
static bool is_settled(struct pg_transaction *tx, int64_t limit_ms)
{
    struct err err = ERR_INIT;
    return pg_await_transaction(tx, deadline_in(limit_ms), &err) == 0 || err.code == ERR_BROKEN;
}

void pg_abandon_transaction(void *arg)
{
    struct pg_transaction *tx = arg;
    struct backoff backoff = BACKOFF_INIT(20, 1000);
    for (int tries = 0; !is_settled(tx, backoff_next(&backoff)) && !fiber_cancelled(); tries++)
        if (is_gone(tx, tries < CANCELS ? &cancel : &terminate))
            break;
    pg_drop_transaction(tx);
    pg_free_transaction(tx);
}
