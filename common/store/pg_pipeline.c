/* Requests of many fibers on one connection, in libpq's pipeline mode.
 *
 * A request goes into libpq's buffer at once. When all fibers of this turn of the
 * loop have run, one Sync closes the batch and one write sends it: 64 reads cost
 * one system call, and PostgreSQL runs them as one transaction. A statement that
 * fails aborts the rest of its batch: these requests are sent again, each with a
 * Sync of its own. They only read, so sending them twice does no harm. A statement
 * whose prepared plan is gone (a migration, DISCARD ALL) is sent again, too.
 *
 * A prepared statement triples the speed, but needs a session of our own. Behind a
 * pooler each batch is sent unprepared and begins with its statement_timeout.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/pg_error.h"
#include "store/pg_internal.h"

/* --- The connection is lost ------------------------------------------------------- */

static void end_request(struct pg_request *request)
{
    if (request->waiter) {
        wait_wake(request->waiter); /* its fiber frees the request */
        return;
    }
    PQclear(request->result);
    free(request);
}

static struct pg_request *take_first(struct pg_reader *reader)
{
    struct pg_request *request = reader->first;
    reader->first = request->next;
    if (!reader->first)
        reader->last = NULL;
    return request;
}

void pg_lose_reader(struct pg_reader *reader, const struct err *why)
{
    reader->pg->why = *why;
    pg_watch_free(reader->watch);
    PQfinish(reader->conn);
    reader->watch = NULL;
    reader->conn = NULL;
    reader->prepared.count = reader->prepared.numbers = reader->syncs = 0;
    reader->unsynced = reader->own_session = reader->renew = false;
    reader->silent_since = 0;
    err_clear(&reader->refused);
    while (reader->first) {
        struct pg_request *request = take_first(reader);
        PQclear(request->result);
        request->result = NULL;
        end_request(request);
    }
    if (reader->keeper)
        wait_wake(reader->keeper);
}

void pg_lose_broken_reader(struct pg_reader *reader)
{
    struct err why = reader->refused;
    pg_check_lost(reader->conn, &why); /* unless it has a reason */
    pg_lose_reader(reader, &why);
}

/* --- Sending ---------------------------------------------------------------------- */

static int send_text(const struct pg_reader *reader, const char *sql, const char *first, const char *second)
{
    const char *const params[] = {first, second};
    int count = first ? second ? 2 : 1 : 0;
    return PQsendQueryParams(reader->conn, sql, count, NULL, params, NULL, NULL, 0);
}

/* A pooler such as PgBouncer gives its clients a process id of its own making. Only in a
 * session of our own may a setting outlive the transaction. */
static int send_greeting(const struct pg_reader *reader)
{
    char pid[16];
    snprintf(pid, sizeof pid, "%d", PQbackendPID(reader->conn));
    return send_text(reader,
                     "SELECT CASE WHEN pg_backend_pid() = $1::int"
                     " THEN set_config('statement_timeout', $2, false) END",
                     pid, reader->pg->statement_timeout);
}

static int send_read(const struct pg_reader *reader, struct pg_request *request)
{
    const struct pg_statement *statement = request->statement;
    const struct pg_prepared_statement *prepared = pg_find_prepared(&reader->prepared, statement);
    if (prepared && !request->alone) {
        request->number = prepared->number;
        return PQsendQueryPrepared(reader->conn, prepared->name, statement->params, request->params, NULL, NULL, 0);
    }
    request->number = 0;
    return PQsendQueryParams(reader->conn, statement->sql, statement->params, NULL, request->params, NULL, NULL, 0);
}

static int send_prepare(struct pg_reader *reader, struct pg_request *request)
{
    char name[PG_NAME_MAX];
    request->number = ++reader->prepared.numbers;
    pg_name_prepared(request->statement, request->number, name);
    return PQsendPrepare(reader->conn, name, request->statement->sql, 0, NULL);
}

static int send_statement(struct pg_reader *reader, struct pg_request *request)
{
    switch (request->kind) {
    case PG_REQUEST_READ:
        return send_read(reader, request);
    case PG_REQUEST_PREPARE:
        return send_prepare(reader, request);
    case PG_REQUEST_GREETING:
        return send_greeting(reader);
    case PG_REQUEST_LIMIT:
        return send_text(reader, "SELECT set_config('statement_timeout', $1, true)", reader->pg->statement_timeout,
                         NULL);
    default:
        return send_text(reader, "SELECT 1", NULL, NULL);
    }
}

static int append(struct pg_reader *reader, struct pg_request *request)
{
    if (!send_statement(reader, request))
        return -1;
    request->next = NULL;
    *(reader->last ? &reader->last->next : &reader->first) = request;
    reader->last = request;
    reader->unsynced = true;
    return 0;
}

static struct pg_request *request_new(enum pg_request_kind kind, const struct pg_statement *statement)
{
    struct pg_request *request = calloc(1, sizeof *request);
    if (request) {
        request->kind = kind;
        request->statement = statement;
    }
    return request;
}

/* A batch is a transaction, and a pooler may run each one in another session. The greeting is short, and
 * alone in its batch: so an error that it gets is its own. */
static int begin_batch(struct pg_reader *reader)
{
    struct pg_request *limit = request_new(PG_REQUEST_LIMIT, NULL);
    if (limit && append(reader, limit) == 0)
        return 0;
    free(limit);
    return -1;
}

int pg_send(struct pg_reader *reader, struct pg_request *request)
{
    bool limit = !reader->own_session && !reader->unsynced && request->kind != PG_REQUEST_GREETING;
    if (limit && begin_batch(reader) != 0)
        return -1;
    return append(reader, request);
}

static int sync(struct pg_reader *reader)
{
    if (!reader->unsynced)
        return 0;
    reader->unsynced = false;
    reader->syncs++;
    if (!PQpipelineSync(reader->conn)) /* it also writes */
        return -1;
    int left = PQflush(reader->conn);
    if (left < 0)
        return -1;
    pg_watch_for(reader->watch, PG_READABLE | (left ? PG_WRITABLE : 0));
    return 0;
}

void pg_flush_reader(struct pg_reader *reader)
{
    if (reader->conn && sync(reader) != 0)
        pg_lose_broken_reader(reader);
}

static int send_alone(struct pg_reader *reader, struct pg_request *request)
{
    return sync(reader) != 0 || pg_send(reader, request) != 0 || sync(reader) != 0 ? -1 : 0;
}

int pg_send_own(struct pg_reader *reader, enum pg_request_kind kind, const struct pg_statement *statement)
{
    struct pg_request *request = request_new(kind, statement);
    if (!request)
        return -1;
    if (send_alone(reader, request) == 0)
        return 0;
    if (reader->last != request)
        free(request);
    return -1;
}

/* --- Results ---------------------------------------------------------------------- */

/* What the results of our own requests mean. (An own request has no waiter.) */
static void learn(struct pg_reader *reader, const struct pg_request *request)
{
    const PGresult *result = request->result;
    if (request->kind == PG_REQUEST_GREETING && PQresultStatus(result) == PGRES_TUPLES_OK)
        reader->own_session = !PQgetisnull(result, 0, 0);
    else if (request->kind == PG_REQUEST_PREPARE && PQresultStatus(result) == PGRES_COMMAND_OK)
        pg_add_prepared(&reader->prepared, request->statement, request->number);
    /* It has another client's statement, or lacks ours: the session is not ours alone. */
    if (pg_has_state(result, "42P05") || pg_has_state(result, "26000"))
        reader->own_session = false;
    if (pg_is_stale(result, request->number != 0))
        pg_forget_prepared(&reader->prepared, request->number);
}

/* The first request has its whole result. */
static int complete_first(struct pg_reader *reader)
{
    struct pg_request *request = take_first(reader);
    if (request->kind == PG_REQUEST_GREETING && pg_check(request->result, NULL, &reader->refused) != 0) {
        end_request(request);
        return -1;
    }
    bool repeat = PQresultStatus(request->result) == PGRES_PIPELINE_ABORTED ||
                  pg_is_stale(request->result, request->number != 0);
    learn(reader, request);
    if (repeat && !request->alone && request->waiter) {
        PQclear(request->result);
        request->result = NULL;
        request->alone = true;
        if (send_alone(reader, request) == 0)
            return 0;
        if (reader->last != request)
            end_request(request);
        return -1;
    }
    end_request(request);
    return 0;
}

/* libpq returns each statement's result, then NULL; and one result for each Sync. */
static int take_results(struct pg_reader *reader)
{
    while ((reader->first || reader->syncs) && !PQisBusy(reader->conn)) {
        PGresult *result = PQgetResult(reader->conn);
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            reader->syncs--;
        } else if (result && reader->first && !reader->first->result) {
            reader->first->result = result;
        } else if (result) {
            PQclear(result);
        } else if (!reader->first || !reader->first->result) {
            break; /* nothing more for now */
        } else if (complete_first(reader) != 0) {
            return -1;
        }
        if (PQstatus(reader->conn) == CONNECTION_BAD)
            return -1;
    }
    return 0;
}

static void end_silence(struct pg_reader *reader)
{
    reader->silent_since = 0;
    wait_queue_wake_all(&reader->pg->up_waiters);
    if (reader->keeper)
        wait_wake(reader->keeper);
}

void pg_reader_ready(void *arg, int events)
{
    struct pg_reader *reader = arg;
    if (events & PG_READABLE) {
        reader->heard_ms = clock_ms();
        if (reader->silent_since)
            end_silence(reader);
    }
    if (!PQconsumeInput(reader->conn) || take_results(reader) != 0) {
        pg_lose_broken_reader(reader);
        return;
    }
    if (events & PG_WRITABLE) {
        int left = PQflush(reader->conn);
        pg_watch_for(reader->watch, PG_READABLE | (left > 0 ? PG_WRITABLE : 0));
    }
}
