/* pg_reader: a connection that many fibers share for reads. Each request is sent without waiting for
 * the replies to those before it; a keeper opens the connection again when it is lost. */
#ifndef STORE_PG_READER_H
#define STORE_PG_READER_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/sync.h"
#include "store/pg_connection.h"
#include "store/pg_prepared.h"

struct pg;

/* --- pg_pipeline.c ---------------------------------------------------------------- */

enum pg_request_kind {
    PG_REQUEST_READ,
    PG_REQUEST_PREPARE,
    PG_REQUEST_PING,
    PG_REQUEST_GREETING, /* the first one: finds out whether the session is ours alone */
    PG_REQUEST_LIMIT,    /* sets statement_timeout for the rest of its batch */
};

/* One statement that was sent. On the heap, because its result may come after
 * its fiber has given up. */
struct pg_request {
    enum pg_request_kind kind;
    struct pg_request *next;
    const struct pg_statement *statement;
    const char *const *params; /* the fiber's; invalid once it has given up */
    struct wait *waiter;       /* NULL: no fiber waits for it */
    PGresult *result;          /* NULL after the wait: the connection was lost */
    int number;                /* of the prepared statement; 0: sent unprepared */
    bool alone;                /* sent again, unprepared and with a Sync of its own */
};

/* A connection for reading. */
struct pg_reader {
    struct pg *pg;
    PGconn *conn; /* NULL: none now */
    struct pg_watch *watch;
    bool own_session; /* false: not known yet, or a pooler may change the session between two batches */
    struct pg_prepared prepared;
    struct pg_request *first, *last; /* sent and not answered, in that order */
    int syncs;                       /* sent and not answered */
    bool unsynced;                   /* something was sent since the last Sync */
    int64_t heard_ms;                /* when data came last */
    int64_t silent_since;            /* when a call timed out; 0: data came since then */
    struct err refused;              /* why the greeting failed: a pooler without a server */
    bool renew;                      /* to be opened again, as soon as it is not in use and another one is up */
    struct wait *keeper;             /* where the fiber in pg_keeper.c waits for the connection's end */
};

static inline bool pg_reader_is_up(const struct pg_reader *reader)
{
    return reader->conn && !reader->silent_since;
}

/* Hands the request to libpq; the Sync follows when this turn of the loop ends. 0 or -1. */
int pg_send(struct pg_reader *reader, struct pg_request *request);
/* The same for a request that no fiber waits for, with a Sync of its own. */
int pg_send_own(struct pg_reader *reader, enum pg_request_kind kind, const struct pg_statement *statement);
/* Adds one Sync after the requests of this turn of the loop, and writes them to the socket. */
void pg_flush_reader(struct pg_reader *reader);
/* Called when the socket of a reader (arg: struct pg_reader *) is readable or writable. */
void pg_reader_ready(void *arg, int events);
/* Closes the connection; each call that waits for a result gets ERR_BROKEN with this reason. */
void pg_lose_reader(struct pg_reader *reader, const struct err *why);
/* The same, with the reason that libpq gives. */
void pg_lose_broken_reader(struct pg_reader *reader);

/* --- pg_read.c -------------------------------------------------------------------- */

enum { PG_PING_MS = 100 }; /* far more than a reply takes, and far less than a call may wait */

/* Called when a call that began at `since` (clock_ms) got no reply in time: each reader that
 * got no data since then counts as hung until data comes. Logs nothing: if only that one call got no reply,
 * the ping is answered at once. */
void pg_suspect(struct pg *pg, int64_t since);
/* Waits if no reader is up, but only where an answer is due any moment: for the first attempt to connect,
 * because a service gets requests as soon as it listens, and for the reply to a ping. */
void pg_await_up(struct pg *pg, int64_t deadline);
/* Remembers why there is no connection; logs it once per outage. */
void pg_report_down(struct pg *pg, const struct err *why);
/* Logs that the outage is over; no effect if none is logged. */
void pg_report_up(struct pg *pg);

/* --- pg_keeper.c ------------------------------------------------------------------ */

/* A fiber (arg: struct pg_reader *): keeps it connected until cancelled. */
void pg_keep_reader(void *arg);
/* Opens each of them again, one after the other, without an effect on reads. With one reader: no effect. */
void pg_renew_readers(struct pg *pg);

#endif
