/* pg_session: a connection that one transaction uses at a time. */
#ifndef STORE_PG_SESSION_H
#define STORE_PG_SESSION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/sync.h"
#include "store/pg_connection.h"
#include "store/pg_statement.h"

struct pg;

struct pg_transaction {
    struct pg *pg;
    PGconn *conn; /* NULL: not opened yet, or lost */
    struct pg_watch *watch;
    bool taken;
    bool handed_over; /* taken, for the transaction that has waited longest and does not run yet */
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

#endif
