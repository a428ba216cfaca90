/* The fiber behind each connection for reads: it connects, waits for the
 * connection's end, and connects again. So no call has to wait for a connection.
 */
#include "base/clock.h"
#include "base/log.h"
#include "loop/fiber.h"
#include "store/pg_internal.h"
#include "store/pg_read.h"

static int open_reader(struct pg_reader *reader)
{
    struct pg *pg = reader->pg;
    struct err err = ERR_INIT;
    PGconn *conn = pg_connect(pg, deadline_in(pg->timeout_ms), &err);
    pg->was_tried = true;
    wait_queue_wake_all(&pg->first_try); /* they run when this fiber waits again */
    if (conn && PQenterPipelineMode(conn))
        reader->watch = pg_watch_new(PQsocket(conn), pg_reader_ready, reader);
    if (!reader->watch) {
        PQfinish(conn);
        err_set(&err, ERR_UNREACHABLE, "PostgreSQL: cannot use the connection");
        if (err.code != ERR_CANCELLED)
            pg_report_down(pg, &err);
        return -1;
    }
    if (!pg_is_up(pg))
        log_info("postgres_up");
    pg->down_logged = false;
    pg->connects++;
    reader->conn = conn;
    pg_watch_for(reader->watch, PG_READABLE);
    if (pg_send_own(reader, PG_REQUEST_GREETING, NULL) != 0)
        pg_lose_broken_reader(reader);
    return 0;
}

/* Returns when the connection is lost, when it is silent for too long, or when the
 * fiber is cancelled. */
static void await_loss(struct pg_reader *reader)
{
    int64_t limit_ms = reader->pg->timeout_ms;
    while (reader->conn) {
        struct wait wait;
        wait_init(&wait);
        reader->keeper = &wait;
        int64_t until = reader->silent_since ? reader->silent_since + limit_ms : DEADLINE_NONE;
        enum wait_result result = wait_park(&wait, until);
        reader->keeper = NULL;
        if (!reader->conn)
            break;

        struct err why = ERR_INIT;
        if (result == WAIT_CANCELLED) {
            err_set(&why, ERR_CANCELLED, "PostgreSQL: closing");
            pg_lose_reader(reader, &why);
        } else if (result == WAIT_TIMEOUT && reader->silent_since) {
            err_set(&why, ERR_UNREACHABLE, "PostgreSQL: does not answer");
            pg_lose_reader(reader, &why);
        }
    }
}

void pg_keep_reader(void *arg)
{
    struct pg_reader *reader = arg;
    struct backoff backoff = BACKOFF_INIT(50, 1000);
    do {
        if (open_reader(reader) != 0)
            continue;
        backoff_reset(&backoff);
        await_loss(reader);
        if (!fiber_cancelled())
            pg_report_down(reader->pg, &reader->pg->why);
    } while (fiber_sleep(backoff_next(&backoff)) == 0);
}
