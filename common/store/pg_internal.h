/* pg_internal: what the parts of pg share. The files, lowest first; each uses
 * only those above it in this list:
 *
 *   pg_statement.[ch]    a statement, and the rows that it returns
 *   pg_internal.h        the structs below
 *   pg_error.c           turns libpq's failures into struct err
 *   pg_connect.c         opens a connection to one address; its socket on the loop; notices
 *   pg_hosts.c           tries the addresses of the URL's hosts
 *   pg_prepared.c        the statements that a connection for reads has prepared
 *   pg_pipeline.c        sends many requests on one connection, takes the results
 *   pg_read.[ch]         pg_read; detects that the server hangs
 *   pg_keeper.c          the fiber that opens such a connection again
 *   pg_session.c         one connection for transactions
 *   pg_abandon.c         cancels a transaction that got no reply
 *   pg_transaction.[ch]  a connection for each transaction
 *   pg_execute.c         one statement in a transaction of its own, repeated if that can help
 *   pg.[ch]              create, close, metrics
 */
#ifndef STORE_PG_INTERNAL_H
#define STORE_PG_INTERNAL_H

#include <libpq-fe.h>

#include "base/err.h"
#include "base/metrics.h"
#include "loop/resolve.h"
#include "loop/sync.h"
#include "store/pg_statement.h"

struct pg;
struct pg_transaction;

/* --- pg_error.c ------------------------------------------------------------------- */

/* 0 if the result is a success; else -1 with its error. unique: as for pg_execute. */
int pg_check(const PGresult *result, const struct pg_unique *unique, struct err *err);
/* Requests may fail while /health does not, so the log tells: at most 3 lines a minute. Not
 * for ERR_INVALID and ERR_CONFLICT: a client chose the value. state: "": not an answer of PostgreSQL. */
void pg_log_error(const char *state, const char *text);
/* True: a prepared statement failed because its plan or the statement itself is gone, or may not fit
 * the tables any more. Prepared again it works, if any statement does. */
bool pg_is_stale(const PGresult *result, bool prepared);
/* True: the result is an error with this SQLSTATE. */
bool pg_has_state(const PGresult *result, const char *state);
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

/* An option of the URL, or of its environment variable. NULL: neither sets it. */
const char *pg_option(const struct pg *pg, const char *name);

/* One address of one host; "": not set. */
struct pg_target {
    char host[256], address[ADDRESS_MAX], port[8];
    const char *session; /* target_session_attrs; NULL only in a target that is not set */
};

/* Connected and non-blocking; text is UTF-8. NULL with ERR_UNREACHABLE, ERR_TIMEOUT or ERR_CANCELLED. */
PGconn *pg_connect_to(const struct pg *pg, const struct pg_target *target, int64_t deadline, struct err *err);

/* --- pg_hosts.c ------------------------------------------------------------------- */

/* "a,,b" has three elements; an empty list, or NULL, has one. */
int pg_count_elements(const char *list);

/* As pg_connect_to, for the first address of the URL's hosts that lets us in. DEADLINE_NONE: only each address has a
 * limit, connect_timeout. The error names all that failed. */
PGconn *pg_connect(struct pg *pg, int64_t deadline, struct err *err);

/* --- pg_prepared.c ---------------------------------------------------------------- */

/* The statements that a connection has prepared. Few: a linear search is enough. A number
 * is used once on a connection, so that a statement can be prepared again under a new name. */
enum { PG_PREPARED_MAX = 32, PG_NAME_MAX = 64 };
struct pg_prepared {
    struct pg_prepared_statement {
        const struct pg_statement *statement;
        int number; /* from 1 */
        char name[PG_NAME_MAX];
    } list[PG_PREPARED_MAX];
    int count;
    int numbers; /* the last one that was used */
};
void pg_name_prepared(const struct pg_statement *statement, int number, char name[PG_NAME_MAX]);
/* NULL: not prepared. */
const struct pg_prepared_statement *pg_find_prepared(const struct pg_prepared *prepared,
                                                     const struct pg_statement *statement);
void pg_add_prepared(struct pg_prepared *prepared, const struct pg_statement *statement, int number);
void pg_forget_prepared(struct pg_prepared *prepared, int number);

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

/* Called when a call that began at `since` (clock_ms) got no reply in time: each reader that
 * got no data since then counts as hung until data comes. */
void pg_suspect(struct pg *pg, int64_t since);
/* Waits if no reader is up, but only where an answer is due any moment: for the first attempt to connect,
 * because a service gets requests as soon as it listens, and for the reply to a ping. */
void pg_await_up(struct pg *pg, int64_t deadline);
/* Remembers why there is no connection; logs it once per outage. */
void pg_report_down(struct pg *pg, const struct err *why);

/* --- pg_keeper.c ------------------------------------------------------------------ */

/* A fiber (arg: struct pg_reader *): keeps it connected until cancelled. */
void pg_keep_reader(void *arg);
/* Opens each of them again, one after the other, without an effect on reads. With one reader: no effect. */
void pg_renew_readers(struct pg *pg);

/* --- pg_session.c ----------------------------------------------------------------- */

struct pg_transaction {
    struct pg *pg;
    PGconn *conn; /* NULL: not opened yet, or lost */
    struct pg_watch *watch;
    bool taken;
    bool unanswered; /* its last statement got no reply: PostgreSQL may still run it */
    struct wait *waiter; /* for the socket */
    int64_t deadline;
    const struct pg_unique *unique; /* of pg_execute; NULL: none */
    char process[16], began[48]; /* of the running transaction: PostgreSQL's process id, and now() */
};

/* Connects. 0 or -1. */
int pg_open_transaction(struct pg_transaction *tx, int64_t deadline, struct err *err);
/* Waits for the result of the statement that was sent; the caller clears it. sent: the
 * return value of PQsend…, 0 if it failed. NULL: the connection is lost and closed, or
 * PostgreSQL has not answered. */
PGresult *pg_take_result(struct pg_transaction *tx, int sent, int64_t deadline, struct err *err);
/* Waits until the reply is complete, or a result of it. 0, or -1: ERR_TIMEOUT, ERR_CANCELLED, ERR_BROKEN. */
int pg_await_transaction(struct pg_transaction *tx, int64_t deadline, struct err *err);
/* Closes the connection. */
void pg_drop_transaction(struct pg_transaction *tx);
/* Its place in the pool is free again. */
void pg_free_transaction(struct pg_transaction *tx);

/* --- pg_abandon.c ----------------------------------------------------------------- */

/* A fiber (arg: struct pg_transaction *, unanswered): cancels it on the server, then frees it. */
void pg_abandon_transaction(void *arg);

/* --- All -------------------------------------------------------------------------- */

enum { PG_READERS_MAX = 2 };

struct pg {
    PQconninfoOption *options; /* the URL, parsed by libpq */
    struct pg_target reached;  /* where the last connection was opened */
    int64_t timeout_ms;
    char statement_timeout[24]; /* ms, as text */
    struct pg_reader readers[PG_READERS_MAX];
    int reader_count;
    struct pg_transaction *transactions;
    int transaction_count;
    struct wait_queue transaction_waiters;
    struct group keepers;
    bool was_tried;               /* the first attempt to connect has ended, in success or failure */
    int64_t suspected_ms;         /* when a call last timed out and the readers were pinged */
    struct wait_queue up_waiters; /* calls that wait for that attempt, or for the reply to a ping */
    struct err why;              /* why there is no connection */
    bool read_only;              /* what the last transaction that began found */
    bool down_logged;            /* since it was last up */

    int64_t reads, read_failures, commits, rollbacks, connects;
    struct histogram read_time;
};

#endif
