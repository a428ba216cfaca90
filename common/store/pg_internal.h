/* pg_internal: what the parts of pg share. The files, lowest first; each uses
 * only those above it in this list:
 *
 *   pg_statement.[ch]    a statement, and the rows that it returns
 *   pg_error.[ch]        turns libpq's failures into struct err
 *   pg_prepared.[ch]     the statements that a connection for reads has prepared
 *   pg_connection.h      of pg_connect.c and pg_hosts.c
 *   pg_reader.h          of pg_pipeline.c, pg_read.c and pg_keeper.c
 *   pg_internal.h        struct pg
 *   pg_connect.c         opens a connection to one address; its socket on the loop; notices
 *   pg_hosts.c           tries the addresses of the URL's hosts
 *   pg_pipeline.c        sends many requests on one connection, takes the results
 *   pg_read.[ch]         pg_read; detects that the server hangs
 *   pg_keeper.c          the fiber that opens such a connection again
 *   pg_session.[ch]      one connection for transactions
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
#include "loop/sync.h"
#include "store/pg_connection.h"
#include "store/pg_reader.h"

struct pg_transaction;

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
    struct err no_writes;        /* the last error that meets each write */
    int64_t no_writes_until;     /* when /health stops to show it; 0: a commit succeeded since then */
    enum { LOGGED_NOTHING, LOGGED_UP, LOGGED_DOWN } logged; /* the last of these events */

    int64_t reads, read_failures, commits, rollbacks, connects;
    struct histogram read_time;
};

#endif
