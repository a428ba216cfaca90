/* Turns libpq's failures into struct err. (The codes: PostgreSQL, "Appendix A. Error Codes".) */
#include "store/pg_error.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/log_repeat.h"

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
        {"23514", ERR_INVALID},   /* check_violation. The rest of class 23 is not the fault of a client's value: */
        {"23", ERR_FAILED},       /* a sequence that is behind its rows, a column that we do not know */
        {"2200H", ERR_FAILED},    /* sequence_generator_limit_exceeded */
        {"22003", ERR_FAILED},    /* numeric_value_out_of_range: a new id; the ranges of all our values are checked */
        {"22P05", ERR_FAILED},    /* untranslatable_character: the database's encoding lacks it */
        {"22021", ERR_FAILED},    /* character_not_in_repertoire: a row is not UTF-8; a client's text always is */
        {"40001", ERR_AGAIN},     /* serialization_failure, also a conflict with a standby's recovery */
        {"40P01", ERR_AGAIN},     /* deadlock_detected */
        {"25006", ERR_READ_ONLY}, /* read_only_sql_transaction */
        {"42P01", ERR_NOT_FOUND}, /* undefined_table */
        {"3F000", ERR_NOT_FOUND}, /* invalid_schema_name */
        {"57014", ERR_TIMEOUT},   /* query_canceled: statement_timeout */
        {"57P", ERR_BROKEN},      /* the server shuts down */
        {"08", ERR_BROKEN},       /* connection_exception */
        {"22", ERR_INVALID},      /* data_exception */
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
    /* No table, no permission, a character that the database or UTF-8 has not: the operator must know which. */
    static const char *const shown[] = {"42P01", "42501", "22P05", "22021"};
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
    if (log_repeat_is_due(&repeat, what, AGAIN_MS))
        log_warn("postgres_error", log_s("sqlstate", state), log_s("error", what + strlen(state) + 1));
}

/* What to do about it, where PostgreSQL's message does not say that. */
static const char *hint_for(enum err_code code, const char *state)
{
    if (code == ERR_NOT_FOUND)
        return "; load the schema with `make db-seed DATABASE_URL=…`";
    if (strcmp(state, "22P05") == 0)
        return "; use a database with the encoding UTF8, which holds every text";
    if (strcmp(state, "22021") == 0)
        return "; the row has text in another encoding: correct it";
    return "";
}

/* --- Unique keys -------------------------------------------------------------------- */

/* A name, or a quoted one: "und-x-icu". */
static size_t word_length(const char *text, const char *end)
{
    bool quoted = false;
    const char *at = text;
    for (; at < end && (quoted || isalnum((unsigned char)*at) || strchr("_.\"", *at)); at++)
        quoted ^= *at == '"';
    return (size_t)(at - text);
}

/* These leave different values different, but for case and blanks. Parts (split_part, substring) do not. */
static bool keeps_values_apart(const char *word, size_t len)
{
    static const char *const words[] = {"lower", "upper", "btrim", "md5", "text", "citext", "character", "varying"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
            return true;
    return false;
}

/* key: `name, upper(lower(email COLLATE "und-x-icu"))`. True: one of its parts is the column. */
static bool has_column(const char *key, const char *end, const char *column)
{
    bool found = false, only = true, collation = false;
    for (size_t len; key < end; key += len ? len : 1) {
        len = word_length(key, end);
        if (*key == ',' && found && only)
            return true;
        if (*key == ',') {
            found = false;
            only = true;
        } else if (len && !collation) {
            bool is_column = strlen(column) == len && memcmp(column, key, len) == 0;
            collation = len == 7 && memcmp(key, "COLLATE", 7) == 0;
            found |= is_column;
            only &= is_column || collation || keeps_values_apart(key, len);
        } else if (len) {
            collation = false;
        }
    }
    return found && only;
}

/* Not by the name of the constraint alone, which another schema may choose. The detail is "Key (lower(email))=(x@y.z)
 * already exists.", with translated words; it is missing if our role may not read the column. Our table may be a view
 * or have partitions, so the violation may name another one. But a statement of a trigger, which has a context, may
 * meet the same column in a table of its own. */
static bool violates(const PGresult *result, const struct pg_unique *unique)
{
    const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *name = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    if (!table || !unique || (strcmp(table, unique->table) != 0 && PQresultErrorField(result, PG_DIAG_CONTEXT)))
        return false;
    const char *key = detail ? strchr(detail, '(') : NULL, *end = key ? strstr(key, ")=(") : NULL;
    return end ? has_column(key, end, unique->column) : name && strstr(name, unique->column);
}

/* --- Results ------------------------------------------------------------------------ */

static bool is_unique_violation(const char *state)
{
    return strcmp(state, "23505") == 0 || strcmp(state, "23P01") == 0; /* of an exclusion constraint */
}

int pg_check(const PGresult *result, const struct pg_unique *unique, struct err *err)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return 0;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!state)
        state = "";
    if (!message)
        message = result ? PQresultErrorMessage(result) : "out of memory";
    enum err_code code = code_of(state);
    if (is_unique_violation(state) && violates(result, unique))
        code = ERR_CONFLICT;
    if (code != ERR_CONFLICT && code != ERR_INVALID)
        pg_log_error(state, message);
    if (quotes_internals(state))
        message = "it refused the values or the statement; its log says why";
    return err_set(err, code, "PostgreSQL: %.*s%s", first_line(message), message, hint_for(code, state));
}

bool pg_stops_writes(const PGresult *result)
{
    static const char *const prefixes[] = {
        "42",    /* no permission, or the schema is not ours */
        "53",    /* insufficient_resources: a full disk */
        "58",    /* system_error: io_error */
        "XX",    /* internal_error, data_corrupted; also a file that may not grow */
        "2200H", /* sequence_generator_limit_exceeded */
    };
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    for (size_t i = 0; state && i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(state, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

bool pg_has_state(const PGresult *result, const char *state)
{
    const char *its = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return its && strcmp(its, state) == 0;
}

/* The text of "cached plan must not change result type" may be translated, and 0A000 alone
 * (feature_not_supported) has other causes: so we look at PostgreSQL's own function. */
bool pg_is_stale(const PGresult *result, bool prepared)
{
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    /* A parameter keeps the type that its column had: "operator does not exist: text = bigint". */
    if (prepared && state && strncmp(state, "42", 2) == 0)
        return true;
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
