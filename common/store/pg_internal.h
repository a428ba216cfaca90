/* pg_internal: what the parts of pg share.
 *
 *   pg.c              life, rows, errors, metrics
 *   pg_connect.c      a connection without blocking; libpq's socket on the loop
 *   pg_pipeline.c     reads of many fibers on one connection
 *   pg_keeper.c       the fiber that brings such a connection back
 *   pg_transaction.c  a connection for each transaction
 */
#ifndef STORE_PG_INTERNAL_H
#define STORE_PG_INTERNAL_H

#include <libpq-fe.h>

#include "base/metrics.h"
#include "loop/sync.h"
#include "store/pg.h"

/* --- pg_connect.c ----------------------------------------------------------------- */

enum pg_event { PG_READABLE = 1, PG_WRITABLE = 2 };

/* A socket on the loop. Freed by itself once libuv lets go of it; libpq's socket
 * may be closed as soon as pg_watch_free returns. */
struct pg_watch;
struct pg_watch *pg_watch_new(int socket, void (*ready)(void *arg, int events), void *arg);
/* What to wait for. An error of the socket counts as readable: reading tells it. */
void pg_watch_for(struct pg_watch *watch, int events);
void pg_watch_free(struct pg_watch *watch); /* NULL is allowed */

/* Connected, non-blocking, statement_timeout set. NULL with ERR_UNREACHABLE,
 * ERR_TIMEOUT or ERR_CANCELLED. */
PGconn *pg_connect(const struct pg *pg, int64_t deadline, struct err *err);

/* --- pg.c --------------------------------------------------------------------------- */

/* What this connection has prepared. Few: searched in line. */
enum { PG_PREPARED_MAX = 32 };
struct pg_prepared {
    const struct pg_statement *list[PG_PREPARED_MAX];
    int count;
};
bool pg_is_prepared(const struct pg_prepared *prepared, const struct pg_statement *statement);
void pg_note_prepared(struct pg_prepared *prepared, const struct pg_statement *statement);

/* 0 if the result is a success; else what it says, as an error. */
int pg_check(const PGresult *result, struct err *err);
/* Why libpq gave up on this connection, in one line. */
int pg_check_lost(const PGconn *conn, struct err *err);
int pg_check_wait(enum wait_result result, struct err *err);

/* --- pg_pipeline.c -------------------------------------------------------------------- */

enum { PG_READERS_MAX = 2 };

struct pg_reader {
    struct pg *pg;
    PGconn *conn; /* NULL: none now */
    struct pg_watch *watch;
    struct pg_prepared prepared;
    struct read *first, *last; /* sent and not answered, in that order */
    int syncs;                 /* sent and not answered */
    bool unsynced;             /* sent something since the last Sync */
    int64_t silent_since;      /* then a call timed out, and nothing came since; 0: it answers */
    struct wait *keeper;       /* of the fiber that brings the connection back */
};

/* Ends what this turn of the loop sent with one Sync, and writes it. */
void pg_flush_reader(struct pg_reader *reader);
/* Its socket (struct pg_reader *) is readable or writable. */
void pg_reader_ready(void *arg, int events);
/* Closes the connection; all who wait for an answer get ERR_BROKEN, with this reason. */
void pg_lose_reader(struct pg_reader *reader, const struct err *why);
/* A call got no answer in time: each reader counts as hung until it says something. */
void pg_suspect(struct pg *pg);
static inline bool pg_reader_is_up(const struct pg_reader *reader)
{
    return reader->conn && !reader->silent_since;
}

/* --- pg_keeper.c ---------------------------------------------------------------------- */

/* A fiber (struct pg_reader *): connects and connects again until cancelled. */
void pg_keep_reader(void *arg);
/* Remembers why there is no connection; logs it, once an outage. */
void pg_tell_trouble(struct pg *pg, const struct err *why);

/* --- pg_transaction.c ------------------------------------------------------------------- */

struct pg_transaction {
    struct pg *pg;
    PGconn *conn; /* NULL: not opened yet, or lost */
    struct pg_watch *watch;
    struct pg_prepared prepared;
    bool taken;
    struct wait *waiter; /* for the socket */
    int64_t deadline;
};

void pg_drop_transaction(struct pg_transaction *tx);

/* --- All -------------------------------------------------------------------------------- */

struct pg {
    PQconninfoOption *options; /* the URL, taken apart by libpq */
    int64_t timeout_ms;
    struct pg_reader readers[PG_READERS_MAX];
    int reader_count;
    struct pg_transaction *transactions;
    int transaction_count;
    struct wait_queue transaction_waiters;
    struct group keepers;
    bool was_tried; /* the first try to connect has ended, one way or the other … */
    struct wait_queue first_try; /* … which is worth waiting for: it takes some ms at the start */
    struct err why;       /* why there is no connection */
    bool trouble_is_told; /* in the log, since it was last up */

    int64_t reads, read_failures, commits, rollbacks, connects;
    struct histogram read_time;
};

#endif
