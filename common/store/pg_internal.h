/* pg_internal: what the parts of pg share. The files, lowest first; each uses
 * only those above it in this list:
 *
 *   pg_statement.[ch]    a statement, and the rows that it returns
 *   pg_internal.h        the structs below
 *   pg_error.c           turns libpq's failures into struct err
 *   pg_connect.c         opens a connection without blocking; its socket on the loop
 *   pg_pipeline.c        sends many requests on one connection, takes the results
 *   pg_read.[ch]         pg_read; detects that the server hangs
 *   pg_keeper.c          the fiber that opens such a connection again
 *   pg_transaction.[ch]  a connection for each transaction
 *   pg.[ch]              create, close, metrics
 */
#ifndef STORE_PG_INTERNAL_H
#define STORE_PG_INTERNAL_H

#include <libpq-fe.h>

#include "base/err.h"
#include "base/metrics.h"
#include "loop/sync.h"
#include "store/pg_statement.h"

struct pg;
struct pg_transaction;

/* --- pg_error.c ------------------------------------------------------------------- */

/* 0 if the result is a success; else -1 with its error. */
int pg_check(const PGresult *result, struct err *err);
/* Why libpq gave up on this connection, in one line. Returns -1. */
int pg_check_lost(const PGconn *conn, struct err *err);
int pg_check_wait(enum wait_result result, struct err *err);

/* --- pg_connect.c ----------------------------------------------------------------- */

enum pg_event { PG_READABLE = 1, PG_WRITABLE = 2 };

/* A socket on the loop. Freed once libuv has closed its handle; libpq's socket
 * may be closed as soon as pg_watch_free returns. */
struct pg_watch;
struct pg_watch *pg_watch_new(int socket, void (*ready)(void *arg, int events), void *arg);
/* Sets the events to wait for. An error of the socket counts as readable: reading then reports it. */
void pg_watch_for(struct pg_watch *watch, int events);
void pg_watch_free(struct pg_watch *watch); /* NULL is allowed */

/* Connected, non-blocking, statement_timeout set. NULL with ERR_UNREACHABLE,
 * ERR_TIMEOUT or ERR_CANCELLED. */
PGconn *pg_connect(const struct pg *pg, int64_t deadline, struct err *err);

/* The statements that a connection has prepared. Few: a linear search is enough. */
enum { PG_PREPARED_MAX = 32 };
struct pg_prepared {
    const struct pg_statement *list[PG_PREPARED_MAX];
    int count;
};
bool pg_is_prepared(const struct pg_prepared *prepared, const struct pg_statement *statement);
void pg_add_prepared(struct pg_prepared *prepared, const struct pg_statement *statement);

/* --- pg_pipeline.c ---------------------------------------------------------------- */

enum pg_request_kind { PG_REQUEST_READ, PG_REQUEST_PREPARE, PG_REQUEST_PING };

/* One statement that was sent. On the heap, because its result may come after
 * its fiber has given up. */
struct pg_request {
    enum pg_request_kind kind;
    struct pg_request *next;
    const struct pg_statement *statement;
    const char *const *params; /* the fiber's; invalid once it has given up */
    struct wait *waiter;       /* NULL: no fiber waits for it */
    PGresult *result;          /* NULL after the wait: the connection was lost */
    bool alone;                /* sent again, with a Sync of its own */
};

/* A connection for reading. */
struct pg_reader {
    struct pg *pg;
    PGconn *conn; /* NULL: none now */
    struct pg_watch *watch;
    struct pg_prepared prepared;
    struct pg_request *first, *last; /* sent and not answered, in that order */
    int syncs;                       /* sent and not answered */
    bool unsynced;                   /* something was sent since the last Sync */
    int64_t silent_since;            /* when a call timed out; 0: data came since then */
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

/* Called when a call got no reply in time: each reader counts as hung until data comes. */
void pg_suspect(struct pg *pg);
/* Remembers why there is no connection; logs it once per outage. */
void pg_report_down(struct pg *pg, const struct err *why);

/* --- pg_keeper.c ------------------------------------------------------------------ */

/* A fiber (arg: struct pg_reader *): keeps it connected until cancelled. */
void pg_keep_reader(void *arg);

/* --- pg_transaction.c ------------------------------------------------------------- */

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

/* --- All -------------------------------------------------------------------------- */

enum { PG_READERS_MAX = 2 };

struct pg {
    PQconninfoOption *options; /* the URL, parsed by libpq */
    int64_t timeout_ms;
    struct pg_reader readers[PG_READERS_MAX];
    int reader_count;
    struct pg_transaction *transactions;
    int transaction_count;
    struct wait_queue transaction_waiters;
    struct group keepers;
    bool was_tried;              /* the first attempt to connect has ended, in success or failure */
    struct wait_queue first_try; /* reads that wait for it: it takes some ms at the start */
    struct err why;              /* why there is no connection */
    bool down_logged;            /* since it was last up */

    int64_t reads, read_failures, commits, rollbacks, connects;
    struct histogram read_time;
};

#endif
