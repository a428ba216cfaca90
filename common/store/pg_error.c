/* Turns libpq's failures into struct err. (The codes: PostgreSQL, "Appendix A. Error Codes".) */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/log_repeat.h"
#include "store/pg_internal.h"

static int first_line(const char *text)
{
    return (int)strcspn(text, "\n");
}

static enum err_code code_of(const char *state)
{
    static const struct {
        const char *prefix; /* two characters: a whole class */
        enum err_code code;
    } codes[] = {
        {"23505", ERR_CONFLICT},  /* unique_violation */
        {"25006", ERR_READ_ONLY}, /* read_only_sql_transaction */
        {"42P01", ERR_NOT_FOUND}, /* undefined_table */
        {"3F000", ERR_NOT_FOUND}, /* invalid_schema_name */
        {"57014", ERR_TIMEOUT},   /* query_canceled: statement_timeout */
        {"57P", ERR_BROKEN},      /* the server shuts down */
        {"08", ERR_BROKEN},       /* connection_exception */
        {"22", ERR_INVALID},      /* data_exception */
        {"23", ERR_INVALID},      /* the other integrity_constraint_violations */
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strncmp(state, codes[i].prefix, strlen(codes[i].prefix)) == 0)
            return codes[i].code;
    return ERR_FAILED;
}

/* Whether PostgreSQL's message may quote values, columns, constraints or SQL. A client of ours reads our
 * messages, so it must not see them; PostgreSQL's own log has them. */
static bool quotes_internals(const char *state)
{
    static const char *const classes[] = {"22", "23", "42", "P0", "XX"};
    static const char *const shown[] = {"42P01", "42501"}; /* no table, no permission: the operator must know which */
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (strcmp(state, shown[i]) == 0)
            return false;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strncmp(state, classes[i], 2) == 0)
            return true;
    return false;
}

void pg_log_error(const char *state, const char *text)
{
    enum { AGAIN_MS = 60 * 1000 };
    static struct log_repeat repeat;
    char what[sizeof repeat.text];
    snprintf(what, sizeof what, "%s %.*s", state, first_line(text), text);
    if (strncmp(state, "22", 2) != 0 && strcmp(state, "23505") != 0 && log_repeat_is_due(&repeat, what, AGAIN_MS))
        log_warn("postgres_error", log_s("sqlstate", state), log_s("error", what + strlen(state) + 1));
}

int pg_check(const PGresult *result, struct err *err)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return 0;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!message)
        message = result ? PQresultErrorMessage(result) : "out of memory";
    pg_log_error(state ? state : "", message);
    if (state && quotes_internals(state))
        message = "it refused the values or the statement; its log says why";
    enum err_code code = code_of(state ? state : "");
    const char *hint = code == ERR_NOT_FOUND ? "; load the schema with `make db-seed DATABASE_URL=…`" : "";
    return err_set(err, code, "PostgreSQL: %.*s%s", first_line(message), message, hint);
}

bool pg_has_state(const PGresult *result, const char *state)
{
    const char *its = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return its && strcmp(its, state) == 0;
}

/* The text of "cached plan must not change result type" may be translated, and 0A000 alone
 * (feature_not_supported) has other causes: so PostgreSQL's own function tells. */
bool pg_is_stale(const PGresult *result)
{
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    return pg_has_state(result, "26000") || /* invalid_sql_statement_name: no such prepared statement */
           (pg_has_state(result, "0A000") && function && strcmp(function, "RevalidateCachedQuery") == 0);
}

int pg_check_lost(const PGconn *conn, struct err *err)
{
    const char *message = PQerrorMessage(conn);
    return err_set(err, ERR_BROKEN, "PostgreSQL: %.*s", first_line(message), *message ? message : "connection lost");
}

int pg_check_wait(enum wait_result result, struct err *err)
{
    if (result == WAIT_WOKEN)
        return 0;
    if (result == WAIT_TIMEOUT)
        return err_set(err, ERR_TIMEOUT, "PostgreSQL: no reply in time");
    return err_set(err, ERR_CANCELLED, "PostgreSQL: cancelled");
}
