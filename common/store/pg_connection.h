/* pg_connection: opens a connection to one of the URL's hosts (pg_connect.c, pg_hosts.c), and waits for
 * events of its socket. */
#ifndef STORE_PG_CONNECTION_H
#define STORE_PG_CONNECTION_H

#include <libpq-fe.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/resolve.h"

struct pg;

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

#endif
