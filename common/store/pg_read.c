#include "store/pg_read.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "loop/fiber.h"
#include "store/pg_error.h"
#include "store/pg_internal.h"

/* --- Is a connection up? ---------------------------------------------------------- */

bool pg_is_up(const struct pg *pg)
{
    for (int i = 0; i < pg->reader_count; i++)
        if (pg_reader_is_up(&pg->readers[i]))
            return true;
    return false;
}

void pg_report_down(struct pg *pg, const struct err *why)
{
    pg->why = *why;
    if (pg->logged == LOGGED_DOWN || pg_is_up(pg))
        return;
    pg->logged = LOGGED_DOWN;
    log_warn("postgres_down", log_s("error", why->text));
}

void pg_report_up(struct pg *pg)
{
    if (pg->logged != LOGGED_UP)
        log_info("postgres_up");
    pg->logged = LOGGED_UP;
}

static void suspect_reader(struct pg_reader *reader, int64_t since)
{
    if (!pg_reader_is_up(reader) || reader->heard_ms > since)
        return;
    /* No request is in progress, so no data would come: send a ping. */
    if (!reader->first && pg_send_own(reader, PG_REQUEST_PING, NULL) != 0) {
        pg_lose_broken_reader(reader);
        return;
    }
    reader->silent_since = clock_ms();
    if (reader->keeper)
        wait_wake(reader->keeper);
}

void pg_suspect(struct pg *pg, int64_t since)
{
    if (!pg_is_up(pg))
        return;
    pg->suspected_ms = clock_ms();
    for (int i = 0; i < pg->reader_count; i++)
        suspect_reader(&pg->readers[i], since);
    if (pg_is_up(pg))
        return;
    err_clear(&pg->why);
    err_set(&pg->why, ERR_UNREACHABLE, "PostgreSQL: does not answer");
}

/* --- A read ----------------------------------------------------------------------- */

/* Of two that are to be renewed, the first one is spared, so that it becomes free. */
static bool is_better(const struct pg_reader *reader, const struct pg_reader *best)
{
    if (reader->renew || best->renew)
        return best->renew;
    return reader->syncs < best->syncs;
}

static struct pg_reader *choose_reader(struct pg *pg)
{
    struct pg_reader *best = NULL;
    for (int i = 0; i < pg->reader_count; i++) {
        struct pg_reader *reader = &pg->readers[i];
        if (pg_reader_is_up(reader) && (!best || is_better(reader, best)))
            best = reader;
    }
    return best;
}

void pg_await_up(struct pg *pg, int64_t deadline)
{
    int64_t until = pg->was_tried ? deadline_min(deadline, pg->suspected_ms + PG_PING_MS) : deadline;
    if (!pg_is_up(pg) && deadline_left(until) > 0)
        wait_queue_park(&pg->up_waiters, until);
}

/* NULL: there is no connection. */
static struct pg_reader *await_reader(struct pg *pg, int64_t deadline)
{
    pg_await_up(pg, deadline);
    return choose_reader(pg);
}

static bool is_preparing(const struct pg_reader *reader, const struct pg_statement *statement)
{
    for (const struct pg_request *request = reader->first; request; request = request->next)
        if (request->kind == PG_REQUEST_PREPARE && request->statement == statement)
            return true;
    return false;
}

static int send_read(struct pg_reader *reader, struct pg_request *request)
{
    const struct pg_statement *statement = request->statement;
    bool prepare = reader->own_session && !pg_find_prepared(&reader->prepared, statement) &&
                   !is_preparing(reader, statement);
    /* Until PostgreSQL confirms the prepared statement, reads are sent unprepared. */
    if (prepare && pg_send_own(reader, PG_REQUEST_PREPARE, statement) != 0)
        return -1;
    return pg_send(reader, request);
}

static int take_rows(struct pg_request *request, const struct pg *pg, struct pg_rows **rows, struct err *err)
{
    if (!request->result)
        return err_set(err, ERR_BROKEN, "%s", pg->why.text);
    if (pg_check(request->result, NULL, err) != 0) {
        PQclear(request->result);
        return -1;
    }
    *rows = (struct pg_rows *)request->result;
    return 0;
}

static int read_rows(struct pg *pg, struct pg_request *request, int64_t deadline, struct pg_rows **rows,
                     struct err *err)
{
    struct pg_reader *reader = await_reader(pg, deadline);
    if (!reader || deadline_left(deadline) == 0) {
        free(request);
        if (reader || fiber_cancelled())
            return pg_check_wait(reader ? WAIT_TIMEOUT : WAIT_CANCELLED, err);
        return err_set(err, ERR_UNREACHABLE, "%s", pg->why.text);
    }
    if (send_read(reader, request) != 0) {
        free(request);
        pg_lose_broken_reader(reader);
        return err_set(err, ERR_BROKEN, "%s", pg->why.text);
    }
    int64_t since = clock_ms();
    enum wait_result result = wait_park(request->waiter, deadline);
    if (result != WAIT_WOKEN) {
        request->waiter = NULL;
        if (result == WAIT_TIMEOUT)
            pg_suspect(pg, since);
        return pg_check_wait(result, err);
    }
    int status = take_rows(request, pg, rows, err);
    free(request);
    return status;
}

static int read_once(struct pg *pg, const struct pg_statement *statement, const char *const *params, int64_t deadline,
                     struct pg_rows **rows, struct err *err)
{
    struct wait wait;
    wait_init(&wait);
    struct pg_request *request = calloc(1, sizeof *request);
    if (!request)
        return err_set(err, ERR_FAILED, "out of memory");
    *request =
        (struct pg_request){.kind = PG_REQUEST_READ, .statement = statement, .params = params, .waiter = &wait};
    return read_rows(pg, request, deadline, rows, err);
}

/* A read, too, may meet others: with serializable as the database's default, or on a standby. */
static int read_again(struct pg *pg, const struct pg_statement *statement, const char *const *params,
                      int64_t deadline, struct pg_rows **rows, struct err *err)
{
    struct backoff backoff = BACKOFF_INIT(2, 100);
    for (;;) {
        struct err seen = ERR_INIT;
        if (read_once(pg, statement, params, deadline, rows, &seen) == 0)
            return 0;
        int64_t pause_ms = seen.code == ERR_AGAIN ? backoff_next(&backoff) : 0;
        if (pause_ms == 0 || deadline_left(deadline) <= pause_ms || fiber_sleep(pause_ms) != 0)
            return err_set(err, seen.code, "%s", seen.text);
    }
}

int pg_read(struct pg *pg, const struct pg_statement *statement, const char *const *params, int64_t deadline,
            struct pg_rows **rows, struct err *err)
{
    int64_t begin = clock_us();
    int status = read_again(pg, statement, params, deadline_min(deadline, deadline_in(pg->timeout_ms)), rows, err);
    if (status == 0) {
        pg->reads++;
        histogram_add(&pg->read_time, clock_us() - begin);
    } else {
        pg->read_failures++;
    }
    return status;
}
