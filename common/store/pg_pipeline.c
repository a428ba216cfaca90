/* Reads of many fibers on one connection.
 *
 * A read is sent at once into libpq's buffer; when all fibers of this turn have
 * run, one Sync closes the batch and one write carries it: 64 reads cost one
 * system call and PostgreSQL one transaction. A statement that fails takes the
 * rest of its batch with it: these are sent again, each with a Sync of its own.
 * They only read, so sending them twice does no harm.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "store/pg_internal.h"

enum read_kind { READ_ROWS, READ_PREPARE, READ_PROBE };

/* On the heap, for its answer may come when its fiber has given up. */
struct read {
    enum read_kind kind;
    struct read *next;
    const struct pg_statement *statement;
    const char *const *params; /* the fiber's; not to be touched once it gave up */
    struct wait *waiter;       /* NULL: nobody waits */
    PGresult *result;          /* NULL: the connection was lost */
    bool alone;                /* sent again, with a Sync of its own */
};

/* --- The connection breaks -------------------------------------------------------------- */

static void end_read(struct read *read)
{
    if (read->waiter) {
        wait_wake(read->waiter); /* and it frees */
        return;
    }
    PQclear(read->result);
    free(read);
}

static struct read *take_first(struct pg_reader *reader)
{
    struct read *read = reader->first;
    reader->first = read->next;
    if (!reader->first)
        reader->last = NULL;
    return read;
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
        struct read *read = take_first(reader);
        PQclear(read->result);
        read->result = NULL;
        end_read(read);
    }
    if (reader->keeper)
        wait_wake(reader->keeper);
}

static void found_broken(struct pg_reader *reader)
{
    struct err why = ERR_INIT;
    pg_check_lost(reader->conn, &why);
    pg_lose_reader(reader, &why);
}

/* --- Sending ------------------------------------------------------------------------------ */

static int send_statement(PGconn *conn, const struct pg_prepared *prepared, const struct read *read)
{
    const struct pg_statement *statement = read->statement;
    if (read->kind == READ_PROBE)
        return PQsendQueryParams(conn, "SELECT 1", 0, NULL, NULL, NULL, NULL, 0);
    if (read->kind == READ_PREPARE)
        return PQsendPrepare(conn, statement->name, statement->sql, 0, NULL);
    if (pg_is_prepared(prepared, statement))
        return PQsendQueryPrepared(conn, statement->name, statement->params, read->params, NULL, NULL, 0);
    return PQsendQueryParams(conn, statement->sql, statement->params, NULL, read->params, NULL, NULL, 0);
}

static int append(struct pg_reader *reader, struct read *read)
{
    if (!send_statement(reader->conn, &reader->prepared, read))
        return -1;
    read->next = NULL;
    *(reader->last ? &reader->last->next : &reader->first) = read;
    reader->last = read;
    reader->unsynced = true;
    return 0;
}

static int sync(struct pg_reader *reader)
{
    if (!reader->unsynced)
        return 0;
    reader->unsynced = false;
    reader->syncs++;
    if (!PQpipelineSync(reader->conn)) /* writes, too */
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
        found_broken(reader);
}

static int append_alone(struct pg_reader *reader, struct read *read)
{
    return sync(reader) != 0 || append(reader, read) != 0 || sync(reader) != 0 ? -1 : 0;
}

/* Something that no fiber waits for. */
static int append_own(struct pg_reader *reader, enum read_kind kind, const struct pg_statement *statement)
{
    struct read *read = calloc(1, sizeof *read);
    if (!read)
        return -1;
    read->kind = kind;
    read->statement = statement;
    if (append_alone(reader, read) == 0)
        return 0;
    if (reader->last != read)
        free(read);
    return -1;
}

/* --- Answers ------------------------------------------------------------------------------- */

/* The first read has all of its answer. */
static int complete_first(struct pg_reader *reader)
{
    struct read *read = take_first(reader);
    bool aborted = PQresultStatus(read->result) == PGRES_PIPELINE_ABORTED;
    if (aborted && !read->alone && read->waiter) {
        PQclear(read->result);
        read->result = NULL;
        read->alone = true;
        if (append_alone(reader, read) == 0)
            return 0;
        if (reader->last != read)
            end_read(read);
        return -1;
    }
    if (read->kind == READ_PREPARE && PQresultStatus(read->result) == PGRES_COMMAND_OK)
        pg_note_prepared(&reader->prepared, read->statement);
    end_read(read);
    return 0;
}

/* libpq gives each statement's result, then NULL; and a result for each Sync. */
static int take_answers(struct pg_reader *reader)
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
    if (!PQconsumeInput(reader->conn) || take_answers(reader) != 0) {
        found_broken(reader);
        return;
    }
    if (events & PG_WRITABLE) {
        int left = PQflush(reader->conn);
        pg_watch_for(reader->watch, PG_READABLE | (left > 0 ? PG_WRITABLE : 0));
    }
}

/* --- Is it hung? ---------------------------------------------------------------------------- */

static void suspect(struct pg_reader *reader)
{
    if (!pg_reader_is_up(reader))
        return;
    /* Where nothing is under way that it could answer, it is asked. */
    if (!reader->first && append_own(reader, READ_PROBE, NULL) != 0) {
        found_broken(reader);
        return;
    }
    reader->silent_since = clock_ms();
    if (reader->keeper)
        wait_wake(reader->keeper);
}

void pg_suspect(struct pg *pg)
{
    if (!pg_is_up(pg))
        return;
    for (int i = 0; i < pg->reader_count; i++)
        suspect(&pg->readers[i]);
    struct err why = ERR_INIT;
    err_set(&why, ERR_UNREACHABLE, "PostgreSQL: does not answer");
    pg_tell_trouble(pg, &why);
}

/* --- A read ------------------------------------------------------------------------------------ */

static struct pg_reader *choose_reader(struct pg *pg)
{
    struct pg_reader *best = NULL;
    for (int i = 0; i < pg->reader_count; i++) {
        struct pg_reader *reader = &pg->readers[i];
        if (pg_reader_is_up(reader) && (!best || reader->syncs < best->syncs))
            best = reader;
    }
    return best;
}

/* NULL: there is no connection. The very first one is waited for: a service is
 * called as soon as it listens. */
static struct pg_reader *await_reader(struct pg *pg, int64_t deadline)
{
    if (!pg->was_tried)
        wait_queue_park(&pg->first_try, deadline);
    return choose_reader(pg);
}

static bool is_preparing(const struct pg_reader *reader, const struct pg_statement *statement)
{
    for (const struct read *read = reader->first; read; read = read->next)
        if (read->kind == READ_PREPARE && read->statement == statement)
            return true;
    return false;
}

static int send_read(struct pg_reader *reader, struct read *read)
{
    bool prepare = !pg_is_prepared(&reader->prepared, read->statement) && !is_preparing(reader, read->statement);
    /* Its own answer tells when it can be used; until then reads go without. */
    if (prepare && append_own(reader, READ_PREPARE, read->statement) != 0)
        return -1;
    return append(reader, read);
}

static int take_rows(struct read *read, const struct pg *pg, struct pg_rows **rows, struct err *err)
{
    if (!read->result)
        return err_set(err, ERR_BROKEN, "%s", pg->why.text);
    if (pg_check(read->result, err) != 0) {
        PQclear(read->result);
        return -1;
    }
    *rows = (struct pg_rows *)read->result;
    return 0;
}

static int read_rows(struct pg *pg, struct read *read, int64_t deadline, struct pg_rows **rows, struct err *err)
{
    struct pg_reader *reader = await_reader(pg, deadline);
    if (!reader || deadline_left(deadline) == 0) {
        free(read);
        if (reader || fiber_cancelled())
            return pg_check_wait(reader ? WAIT_TIMEOUT : WAIT_CANCELLED, err);
        return err_set(err, ERR_UNREACHABLE, "%s", pg->why.text);
    }
    if (send_read(reader, read) != 0) {
        free(read);
        found_broken(reader);
        return err_set(err, ERR_BROKEN, "%s", pg->why.text);
    }
    enum wait_result result = wait_park(read->waiter, deadline);
    if (result != WAIT_WOKEN) {
        read->waiter = NULL;
        if (result == WAIT_TIMEOUT)
            pg_suspect(pg);
        return pg_check_wait(result, err);
    }
    int status = take_rows(read, pg, rows, err);
    free(read);
    return status;
}

int pg_read(struct pg *pg, const struct pg_statement *statement, const char *const *params, int64_t deadline,
            struct pg_rows **rows, struct err *err)
{
    struct wait wait;
    wait_init(&wait);
    struct read *read = calloc(1, sizeof *read);
    if (!read)
        return err_set(err, ERR_FAILED, "out of memory");
    *read = (struct read){.kind = READ_ROWS, .statement = statement, .params = params, .waiter = &wait};

    int64_t begin = clock_us();
    int status = read_rows(pg, read, deadline_min(deadline, deadline_in(pg->timeout_ms)), rows, err);
    if (status == 0) {
        pg->reads++;
        histogram_add(&pg->read_time, clock_us() - begin);
    } else {
        pg->read_failures++;
    }
    return status;
}
