/* Requests of many fibers on one connection, in libpq's pipeline mode.
 *
 * A request goes into libpq's buffer at once. When all fibers of this turn of the
 * loop have run, one Sync closes the batch and one write sends it: 64 reads cost
 * one system call, and PostgreSQL runs them as one transaction. A statement that
 * fails aborts the rest of its batch: these requests are sent again, each with a
 * Sync of its own. They only read, so sending them twice does no harm.
 */
#include <stdlib.h>

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
    reader->prepared.count = reader->syncs = 0;
    reader->unsynced = false;
    reader->silent_since = 0;
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
    struct err why = ERR_INIT;
    pg_check_lost(reader->conn, &why);
    pg_lose_reader(reader, &why);
}

/* --- Sending ---------------------------------------------------------------------- */

static int send_statement(PGconn *conn, const struct pg_prepared *prepared, const struct pg_request *request)
{
    const struct pg_statement *statement = request->statement;
    if (request->kind == PG_REQUEST_PING)
        return PQsendQueryParams(conn, "SELECT 1", 0, NULL, NULL, NULL, NULL, 0);
    if (request->kind == PG_REQUEST_PREPARE)
        return PQsendPrepare(conn, statement->name, statement->sql, 0, NULL);
    if (pg_is_prepared(prepared, statement))
        return PQsendQueryPrepared(conn, statement->name, statement->params, request->params, NULL, NULL, 0);
    return PQsendQueryParams(conn, statement->sql, statement->params, NULL, request->params, NULL, NULL, 0);
}

int pg_send(struct pg_reader *reader, struct pg_request *request)
{
    if (!send_statement(reader->conn, &reader->prepared, request))
        return -1;
    request->next = NULL;
    *(reader->last ? &reader->last->next : &reader->first) = request;
    reader->last = request;
    reader->unsynced = true;
    return 0;
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
    struct pg_request *request = calloc(1, sizeof *request);
    if (!request)
        return -1;
    request->kind = kind;
    request->statement = statement;
    if (send_alone(reader, request) == 0)
        return 0;
    if (reader->last != request)
        free(request);
    return -1;
}

/* --- Results ---------------------------------------------------------------------- */

/* The first request has its whole result. */
static int complete_first(struct pg_reader *reader)
{
    struct pg_request *request = take_first(reader);
    bool aborted = PQresultStatus(request->result) == PGRES_PIPELINE_ABORTED;
    if (aborted && !request->alone && request->waiter) {
        PQclear(request->result);
        request->result = NULL;
        request->alone = true;
        if (send_alone(reader, request) == 0)
            return 0;
        if (reader->last != request)
            end_request(request);
        return -1;
    }
    if (request->kind == PG_REQUEST_PREPARE && PQresultStatus(request->result) == PGRES_COMMAND_OK)
        pg_add_prepared(&reader->prepared, request->statement);
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

void pg_reader_ready(void *arg, int events)
{
    struct pg_reader *reader = arg;
    if (events & PG_READABLE)
        reader->silent_since = 0;
    if (!PQconsumeInput(reader->conn) || take_results(reader) != 0) {
        pg_lose_broken_reader(reader);
        return;
    }
    if (events & PG_WRITABLE) {
        int left = PQflush(reader->conn);
        pg_watch_for(reader->watch, PG_READABLE | (left > 0 ? PG_WRITABLE : 0));
    }
}
