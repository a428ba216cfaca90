/* pg_error: turns libpq's failures into struct err, and tells what an error of PostgreSQL means
 * for the next statement. */
#ifndef STORE_PG_ERROR_H
#define STORE_PG_ERROR_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/err.h"
#include "loop/sync.h"
#include "store/pg_statement.h"

/* 0 if the result is a success; else -1 with its error. unique: as for pg_execute. */
int pg_check(const PGresult *result, const struct pg_unique *unique, struct err *err);
/* Requests may fail while /health does not, so it is logged: at most 3 lines a minute. Not
 * for ERR_INVALID and ERR_CONFLICT: a client chose the value. state: "": not an answer of PostgreSQL. */
void pg_log_error(const char *state, const char *text);
/* True: a prepared statement failed because its plan or the statement itself is gone, or may not fit
 * the tables any more. Prepared again it works, if any statement does. */
bool pg_is_stale(const PGresult *result, bool prepared);
/* True: an error that meets each write, whatever its values. */
bool pg_stops_writes(const PGresult *result);
/* True: the result is an error with this SQLSTATE. */
bool pg_has_state(const PGresult *result, const char *state);
/* Why libpq gave up on this connection, in one line. Returns -1. */
int pg_check_lost(const PGconn *conn, struct err *err);
int pg_check_wait(enum wait_result result, struct err *err);

#endif
