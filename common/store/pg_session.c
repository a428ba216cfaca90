/* One connection of the pool: opens it, and waits for the result of a statement.
 *
 * A connection in an unknown state (no reply in time, an error of the socket) is
 * closed, not repaired: PostgreSQL then rolls the transaction back.
 */
#include "store/pg_session.h"

#include "base/clock.h"
#include "loop/fiber.h"
#include "store/pg_error.h"
#include "store/pg_internal.h"

/* --- One connection --------------------------------------------------------------- */

void pg_drop_transaction(struct pg_transaction *tx)
{
    pg_watch_free(tx->watch);
    PQfinish(tx->conn);
    tx->watch = NULL;
    tx->conn = NULL;
    tx->unanswered = false;
}

void pg_free_transaction(struct pg_transaction *tx)
{
    /* If it were free until the one that is woken runs, a new transaction could take it. */
    tx->taken = tx->handed_over = wait_queue_wake_one(&tx->pg->transaction_waiters);
}

/* An idle connection becomes readable when the server closes it. */
static void on_ready(void *arg, int events)
{
    (void)events;
    struct pg_transaction *tx = arg;
    bool lost = !PQconsumeInput(tx->conn);
    if (tx->waiter)
        wait_wake(tx->waiter);
    else if (lost)
        pg_drop_transaction(tx);
}

int pg_open_transaction(struct pg_transaction *tx, int64_t deadline, struct err *err)
{
    tx->conn = pg_connect(tx->pg, deadline, err);
    if (!tx->conn)
        return -1;
    tx->watch = pg_watch_new(PQsocket(tx->conn), on_ready, tx);
    if (!tx->watch) {
        pg_drop_transaction(tx);
        return err_set(err, ERR_UNREACHABLE, "PostgreSQL: cannot watch the socket");
    }
    pg_watch_for(tx->watch, PG_READABLE);
    return 0;
}

/* --- Sending and waiting ---------------------------------------------------------- */

int pg_await_transaction(struct pg_transaction *tx, int64_t deadline, struct err *err)
{
    while (PQisBusy(tx->conn)) {
        int left = PQflush(tx->conn);
        if (left < 0 || PQstatus(tx->conn) == CONNECTION_BAD)
            return pg_check_lost(tx->conn, err);
        struct wait wait;
        wait_init(&wait);
        tx->waiter = &wait;
        pg_watch_for(tx->watch, PG_READABLE | (left ? PG_WRITABLE : 0));
        enum wait_result result = wait_park(&wait, deadline);
        tx->waiter = NULL;
        if (pg_check_wait(result, err) != 0)
            return -1;
    }
    return 0;
}

PGresult *pg_take_result(struct pg_transaction *tx, int sent, int64_t deadline, struct err *err)
{
    int64_t since = clock_ms();
    PGresult *last = NULL, *result;
    if (!sent)
        goto lost;
    for (;;) {
        if (pg_await_transaction(tx, deadline, err) != 0)
            goto lost;
        if (!(result = PQgetResult(tx->conn)))
            break;
        PQclear(last);
        last = result;
    }
    if (last && PQstatus(tx->conn) != CONNECTION_BAD)
        return last;
lost:
    pg_check_lost(tx->conn, err); /* unless err has a reason */
    if (err->code == ERR_TIMEOUT) {
        pg_log_error("", err->text);
        pg_suspect(tx->pg, since);
    }
    PQclear(last);
    if (err->code == ERR_BROKEN)
        pg_drop_transaction(tx);
    else
        tx->unanswered = true;
    return NULL;
}
