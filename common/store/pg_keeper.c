/* The fiber behind each connection for reads: it connects, waits for the
 * connection's end, and connects again. So no call has to wait for a connection.
 */
#include "base/clock.h"
#include "base/log.h"
#include "loop/fiber.h"
#include "store/pg_internal.h"
#include "store/pg_read.h"

static bool other_is_up(const struct pg_reader *reader)
{
    const struct pg *pg = reader->pg;
    for (int i = 0; i < pg->reader_count; i++)
        if (&pg->readers[i] != reader && pg_reader_is_up(&pg->readers[i]))
            return true;
    return false;
}

/* Ends a connection that is hung, cancelled, or to be renewed and not in use. */
static void judge(struct pg_reader *reader, enum wait_result result)
{
    struct err why = ERR_INIT;
    if (result == WAIT_CANCELLED)
        err_set(&why, ERR_CANCELLED, "PostgreSQL: closing");
    else if (reader->silent_since && deadline_left(reader->silent_since + reader->pg->timeout_ms) == 0)
        err_set(&why, ERR_UNREACHABLE, "PostgreSQL: does not answer");
    else if (reader->renew && !reader->first && other_is_up(reader))
        err_set(&why, ERR_UNREACHABLE, "PostgreSQL: connecting again");
    if (why.code != ERR_NONE)
        pg_lose_reader(reader, &why);
}

/* Returns when the connection is lost; with first_data also when data came. */
static void await_loss(struct pg_reader *reader, bool first_data)
{
    enum { RENEW_POLL_MS = 20 };
    while (reader->conn && (!first_data || reader->silent_since)) {
        struct wait wait;
        wait_init(&wait);
        reader->keeper = &wait;
        int64_t until = reader->silent_since ? reader->silent_since + reader->pg->timeout_ms : DEADLINE_NONE;
        enum wait_result result = wait_park(&wait, reader->renew ? deadline_in(RENEW_POLL_MS) : until);
        reader->keeper = NULL;
        if (reader->conn)
            judge(reader, result);
    }
}

/* It is up once the greeting is answered: a pooler accepts clients for which it has no server. If it
 * answers that with an error, the connection is lost with that reason. */
static void greet(struct pg_reader *reader)
{
    reader->silent_since = clock_ms();
    pg_watch_for(reader->watch, PG_READABLE);
    if (pg_send_own(reader, PG_REQUEST_GREETING, NULL) != 0)
        pg_lose_broken_reader(reader);
    await_loss(reader, true);
}

static int connect_reader(struct pg_reader *reader, struct err *err)
{
    struct pg *pg = reader->pg;
    PGconn *conn = pg_connect(pg, DEADLINE_NONE, err);
    if (conn && PQenterPipelineMode(conn))
        reader->watch = pg_watch_new(PQsocket(conn), pg_reader_ready, reader);
    if (!reader->watch) {
        PQfinish(conn);
        return err_set(err, ERR_UNREACHABLE, "PostgreSQL: cannot use the connection");
    }
    reader->conn = conn;
    greet(reader);
    return reader->conn ? 0 : err_set(err, pg->why.code, "%s", pg->why.text);
}

static int open_reader(struct pg_reader *reader)
{
    struct pg *pg = reader->pg;
    struct err err = ERR_INIT;
    int status = connect_reader(reader, &err);
    pg->was_tried = true;
    wait_queue_wake_all(&pg->up_waiters); /* they run when this fiber waits again */
    if (status != 0) {
        if (err.code != ERR_CANCELLED)
            pg_report_down(pg, &err);
        return -1;
    }
    if (!other_is_up(reader))
        log_info("postgres_up");
    pg->down_logged = false;
    pg->connects++;
    return 0;
}

void pg_keep_reader(void *arg)
{
    struct pg_reader *reader = arg;
    struct backoff backoff = BACKOFF_INIT(50, 1000);
    do {
        if (open_reader(reader) != 0)
            continue;
        backoff_reset(&backoff);
        await_loss(reader, false);
        if (!fiber_cancelled())
            pg_report_down(reader->pg, &reader->pg->why);
    } while (fiber_sleep(backoff_next(&backoff)) == 0);
}

void pg_renew_readers(struct pg *pg)
{
    for (int i = 0; i < pg->reader_count; i++) {
        pg->readers[i].renew = true;
        if (pg->readers[i].keeper)
            wait_wake(pg->readers[i].keeper);
    }
}
