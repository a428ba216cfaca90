/* Each transaction has a connection of its own, from a small pool.
 *
 * If a COMMIT got no reply, we cannot know whether the transaction was committed.
 *
 * A statement is sent unprepared, and its timeout is set in the transaction itself: so a
 * pooler may run each transaction in another session, and no plan outlives a migration.
 */
#include "store/pg_transaction.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/pg_error.h"
#include "store/pg_internal.h"
#include "store/pg_read.h"
#include "store/pg_session.h"

/* A rollback that takes longer is not worth the wait: the connection is closed instead. */
enum { ROLLBACK_LIMIT_MS = 200 };

/* A check of our own would have to write to find out. So /health shows what a request met, but not for long:
 * a service that is unhealthy may get no requests, and only a request can find out that all is well again. */
enum { NO_WRITES_MS = 10 * 1000 };

static int64_t deadline_of(const struct pg_transaction *tx)
{
    return deadline_min(tx->deadline, deadline_in(tx->pg->timeout_ms));
}

static int check(const struct pg_transaction *tx, const PGresult *result, struct err *err)
{
    int status = pg_check(result, tx->unique, err); /* a COMMIT checks the keys that are deferred */
    if (pg_stops_writes(result)) {
        tx->pg->no_writes = *err;
        tx->pg->no_writes_until = deadline_in(NO_WRITES_MS);
    }
    return status;
}

/* BEGIN, COMMIT, ROLLBACK. -1 also if PostgreSQL did something else instead: for the
 * COMMIT of a failed transaction it does a ROLLBACK. */
static int run_command(struct pg_transaction *tx, const char *word, int64_t deadline, struct err *err)
{
    PGresult *result = pg_take_result(tx, PQsendQuery(tx->conn, word), deadline, err);
    if (!result)
        return -1;
    int status = check(tx, result, err);
    if (status == 0 && strcmp(PQcmdStatus(result), word) != 0)
        status = err_set(err, ERR_FAILED, "PostgreSQL: %s ended as %s", word, PQcmdStatus(result));
    PQclear(result);
    return status;
}

/* --- The pool --------------------------------------------------------------------- */

static struct pg_transaction *find_free(struct pg *pg)
{
    struct pg_transaction *unopened = NULL;
    for (int i = 0; i < pg->transaction_count; i++) {
        struct pg_transaction *tx = &pg->transactions[i];
        if (!tx->taken && tx->conn)
            return tx;
        if (!tx->taken && !unopened)
            unopened = tx;
    }
    return unopened;
}

/* One that was handed over waits for each transaction that was woken. */
static struct pg_transaction *find_handed_over(struct pg *pg)
{
    struct pg_transaction *tx = pg->transactions;
    while (!tx->handed_over)
        tx++;
    return tx;
}

static struct pg_transaction *wait_for_free(struct pg *pg, int64_t deadline, struct err *err)
{
    enum wait_result result = wait_queue_park(&pg->transaction_waiters, deadline);
    if (result == WAIT_TIMEOUT) {
        err_set(err, ERR_TIMEOUT, "PostgreSQL: all %d transaction connections are in use", pg->transaction_count);
        pg_log_error("", err->text);
    }
    return pg_check_wait(result, err) == 0 ? find_handed_over(pg) : NULL;
}

static struct pg_transaction *acquire(struct pg *pg, int64_t deadline, struct err *err)
{
    struct pg_transaction *tx = find_free(pg);
    if (!tx && !(tx = wait_for_free(pg, deadline, err)))
        return NULL;
    tx->taken = true;
    tx->handed_over = false;
    tx->deadline = deadline;
    return tx;
}

static void release(struct pg_transaction *tx)
{
    if (tx->unanswered && group_go(&tx->pg->keepers, pg_abandon_transaction, tx) == 0)
        return;
    if (tx->unanswered)
        pg_drop_transaction(tx);
    pg_free_transaction(tx);
}

/* --- A transaction ---------------------------------------------------------------- */

/* Read committed, whatever the database's default: our statements are written for it. A
 * stricter level ends some that would only have had to wait (SQLSTATE 40001).
 * now() is when the transaction began: with the process id it names the one to cancel. */
static int send_begin(const struct pg_transaction *tx)
{
    char sql[192];
    snprintf(sql, sizeof sql,
             "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT current_setting('transaction_read_only'), pg_backend_pid(), now(),"
             " set_config('statement_timeout', '%s', true)",
             tx->pg->statement_timeout);
    return PQsendQuery(tx->conn, sql);
}

static int begin_on(struct pg_transaction *tx, struct err *err)
{
    snprintf(tx->process, sizeof tx->process, "0"); /* none known yet */
    snprintf(tx->began, sizeof tx->began, "-infinity");
    PGresult *result = pg_take_result(tx, send_begin(tx), deadline_of(tx), err);
    if (!result)
        return -1;
    int status = pg_check(result, NULL, err);
    if (status == 0 && strcmp(PQgetvalue(result, 0, 0), "off") != 0)
        status = err_set(err, ERR_READ_ONLY, "PostgreSQL is read-only (a standby, or default_transaction_read_only)");
    tx->pg->read_only |= err->code == ERR_READ_ONLY;
    if (status == 0) {
        snprintf(tx->process, sizeof tx->process, "%s", PQgetvalue(result, 0, 1));
        snprintf(tx->began, sizeof tx->began, "%s", PQgetvalue(result, 0, 2));
    }
    PQclear(result);
    return status;
}

/* A connection that was closed while it was idle, or that belongs to a server or session
 * which only reads: nothing is lost, so a new one is opened. */
static int begin(struct pg_transaction *tx, struct err *err)
{
    if (tx->conn) {
        struct err stale = ERR_INIT;
        if (begin_on(tx, &stale) == 0)
            return 0;
        if (stale.code != ERR_BROKEN && stale.code != ERR_READ_ONLY)
            return err_set(err, stale.code, "%s", stale.text);
        pg_drop_transaction(tx);
    }
    return pg_open_transaction(tx, deadline_of(tx), err) != 0 ? -1 : begin_on(tx, err);
}

static int begin_free(struct pg_transaction *tx, int64_t deadline, struct err *err)
{
    tx->deadline = deadline;
    tx->unique = NULL;
    if (begin(tx, err) == 0) {
        /* Those for reads may still belong to the server that only reads, and is behind. */
        if (tx->pg->read_only)
            pg_renew_readers(tx->pg);
        tx->pg->read_only = false;
        return 0;
    }
    if (err->code == ERR_UNREACHABLE || err->code == ERR_READ_ONLY) /* all others are logged where they come from */
        pg_log_error("", err->text);
    if (!tx->unanswered)
        pg_drop_transaction(tx);
    release(tx);
    return -1;
}

int pg_begin(struct pg *pg, int64_t deadline, struct pg_transaction **out, struct err *err)
{
    pg_await_up(pg, deadline);
    if (!pg_is_up(pg))
        return err_set(err, ERR_UNREACHABLE, "%s", pg->why.text);
    struct pg_transaction *tx = acquire(pg, deadline_min(deadline, deadline_in(pg->timeout_ms)), err);
    if (!tx)
        return -1;
    *out = tx;
    return begin_free(tx, deadline, err);
}

static int run(struct pg_transaction *tx, const struct pg_statement *statement, const char *const *params,
               struct pg_rows **rows, struct err *err)
{
    int sent = PQsendQueryParams(tx->conn, statement->sql, statement->params, NULL, params, NULL, NULL, 0);
    PGresult *result = pg_take_result(tx, sent, deadline_of(tx), err);
    if (!result)
        return -1;
    int status = check(tx, result, err);
    if (status == 0 && rows)
        *rows = (struct pg_rows *)result;
    else
        PQclear(result);
    return status;
}

int pg_run(struct pg_transaction *tx, const struct pg_statement *statement, const char *const *params,
           struct pg_rows **rows, struct err *err)
{
    if (!tx->conn || tx->unanswered)
        return err_set(err, ERR_BROKEN, "PostgreSQL: the transaction's connection was lost");
    return run(tx, statement, params, rows, err);
}

static int commit(struct pg_transaction *tx, struct err *err)
{
    if (!tx->conn || tx->unanswered)
        return err_set(err, ERR_BROKEN, "PostgreSQL: the transaction's connection was lost");
    struct err seen = ERR_INIT;
    if (run_command(tx, "COMMIT", deadline_of(tx), &seen) == 0)
        return 0;
    /* No answer of PostgreSQL, or only that the connection ends: it may have committed before. */
    if (!tx->conn || tx->unanswered || seen.code == ERR_BROKEN)
        return err_set(err, ERR_UNKNOWN_OUTCOME, "the outcome is unknown: PostgreSQL did not confirm the commit");
    return err_set(err, seen.code, "%s", seen.text);
}

int pg_commit(struct pg_transaction *tx, struct err *err)
{
    int status = commit(tx, err);
    if (status == 0)
        tx->pg->no_writes_until = 0;
    (*(status == 0 ? &tx->pg->commits : &tx->pg->rollbacks))++;
    release(tx);
    return status;
}

static void roll_back(struct pg_transaction *tx)
{
    struct err err = ERR_INIT;
    if (tx->conn && !tx->unanswered && run_command(tx, "ROLLBACK", deadline_in(ROLLBACK_LIMIT_MS), &err) != 0 &&
        !tx->unanswered)
        pg_drop_transaction(tx);
    release(tx);
}

void pg_rollback(struct pg_transaction *tx)
{
    tx->pg->rollbacks++;
    roll_back(tx);
}

int pg_check_writable(struct pg *pg, int64_t deadline, struct err *err)
{
    struct pg_transaction *tx = find_free(pg);
    if (deadline_left(pg->no_writes_until) > 0)
        return err_set(err, pg->no_writes.code, "%s", pg->no_writes.text);
    if (!tx)
        return 0;
    tx->taken = true;
    if (begin_free(tx, deadline, err) != 0)
        return -1;
    roll_back(tx);
    return 0;
}
