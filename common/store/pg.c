#include "store/pg.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "loop/loop.h"
#include "store/pg_internal.h"

/* --- Life ------------------------------------------------------------------------------- */

/* "5432,5433": one for each host; an empty one is the default. */
static bool are_ports(const char *text)
{
    for (;; text++) {
        char *end;
        long port = isdigit((unsigned char)*text) ? strtol(text, &end, 10) : 0;
        if (port > 0 && port <= 65535)
            text = end;
        if (*text == '\0')
            return true;
        if (*text != ',')
            return false;
    }
}

/* libpq itself looks at these only when it connects. */
static bool option_is_fine(const PQconninfoOption *option)
{
    static const char modes[] = " disable allow prefer require verify-ca verify-full ";
    char word[32];
    if (!option->val)
        return true;
    if (strcmp(option->keyword, "port") == 0)
        return are_ports(option->val);
    snprintf(word, sizeof word, " %s ", option->val);
    return strcmp(option->keyword, "sslmode") != 0 || strstr(modes, word) != NULL;
}

int pg_check_url(const char *url)
{
    if (strncmp(url, "postgresql://", 13) != 0 && strncmp(url, "postgres://", 11) != 0)
        return -1;
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    bool fine = options != NULL;
    for (const PQconninfoOption *o = options; fine && o->keyword; o++)
        fine = option_is_fine(o);
    PQconninfoFree(options);
    return fine ? 0 : -1;
}

/* Once a turn of the loop, when the fibers have said what they want. */
static void flush(void *arg)
{
    struct pg *pg = arg;
    for (int i = 0; i < pg->reader_count; i++)
        pg_flush_reader(&pg->readers[i]);
}

struct pg *pg_new(const struct pg_config *config)
{
    assert(config->read_connections >= 1 && config->read_connections <= PG_READERS_MAX);
    struct pg *pg = calloc(1, sizeof *pg);
    if (!pg)
        return NULL;
    pg->options = PQconninfoParse(config->url, NULL);
    pg->transactions = calloc((size_t)config->transaction_connections, sizeof *pg->transactions);
    if (!pg->options || !pg->transactions) {
        PQconninfoFree(pg->options);
        free(pg->transactions);
        free(pg);
        return NULL;
    }
    pg->read_time.scale = HISTOGRAM_DATABASE;
    pg->timeout_ms = config->timeout_ms;
    pg->transaction_count = config->transaction_connections;
    for (int i = 0; i < pg->transaction_count; i++)
        pg->transactions[i].pg = pg;
    err_set(&pg->why, ERR_UNREACHABLE, "still connecting");

    loop_add_hook(flush, pg);
    pg->reader_count = config->read_connections;
    for (int i = 0; i < pg->reader_count; i++) {
        pg->readers[i].pg = pg;
        group_go(&pg->keepers, pg_keep_reader, &pg->readers[i]);
    }
    return pg;
}

void pg_close(struct pg *pg)
{
    group_cancel(&pg->keepers);
    group_join(&pg->keepers);
    loop_remove_hook(flush, pg);
    for (int i = 0; i < pg->transaction_count; i++)
        pg_drop_transaction(&pg->transactions[i]);
    PQconninfoFree(pg->options);
    free(pg->transactions);
    free(pg);
}

bool pg_is_up(const struct pg *pg)
{
    for (int i = 0; i < pg->reader_count; i++)
        if (pg_reader_is_up(&pg->readers[i]))
            return true;
    return false;
}

/* --- Prepared statements ------------------------------------------------------------------ */

bool pg_is_prepared(const struct pg_prepared *prepared, const struct pg_statement *statement)
{
    for (int i = 0; i < prepared->count; i++)
        if (prepared->list[i] == statement)
            return true;
    return false;
}

void pg_note_prepared(struct pg_prepared *prepared, const struct pg_statement *statement)
{
    if (prepared->count < PG_PREPARED_MAX && !pg_is_prepared(prepared, statement))
        prepared->list[prepared->count++] = statement;
}

/* --- Errors: PostgreSQL, "Appendix A. Error Codes" ------------------------------------------ */

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
        {"42P01", ERR_NOT_FOUND}, /* undefined_table */
        {"3F000", ERR_NOT_FOUND}, /* invalid_schema_name */
        {"57014", ERR_TIMEOUT},   /* query_canceled: statement_timeout */
        {"57P", ERR_BROKEN},      /* the server goes down */
        {"08", ERR_BROKEN},       /* connection_exception */
        {"22", ERR_INVALID},      /* data_exception */
        {"23", ERR_INVALID},      /* integrity_constraint_violation, the others */
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strncmp(state, codes[i].prefix, strlen(codes[i].prefix)) == 0)
            return codes[i].code;
    return ERR_FAILED;
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
    enum err_code code = code_of(state ? state : "");
    const char *hint = code == ERR_NOT_FOUND ? "; load the schema with `make db-seed DATABASE_URL=…`" : "";
    return err_set(err, code, "PostgreSQL: %.*s%s", first_line(message), message, hint);
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
        return err_set(err, ERR_TIMEOUT, "PostgreSQL: no answer in time");
    return err_set(err, ERR_CANCELLED, "PostgreSQL: cancelled");
}

/* --- Rows: libpq's result under our name ------------------------------------------------------ */

size_t pg_rows_count(const struct pg_rows *rows)
{
    return (size_t)PQntuples((const PGresult *)rows);
}

const char *pg_rows_get(const struct pg_rows *rows, size_t row, int column)
{
    return PQgetvalue((const PGresult *)rows, (int)row, column);
}

void pg_rows_free(struct pg_rows *rows)
{
    PQclear((PGresult *)rows);
}

/* --- Metrics ------------------------------------------------------------------------------------ */

static void counter(struct buf *out, const char *name, const char *help, int64_t value)
{
    metrics_head(out, name, "counter", help);
    metrics_value(out, name, NULL, value);
}

void pg_metrics(const struct pg *pg, struct buf *out)
{
    metrics_head(out, "postgres_up", "gauge", "1 while PostgreSQL answers.");
    metrics_value(out, "postgres_up", NULL, pg_is_up(pg));
    counter(out, "postgres_connects_total", "Connections made for reading.", pg->connects);
    counter(out, "postgres_reads_total", "Reads that were answered.", pg->reads);
    counter(out, "postgres_read_failures_total", "Reads that failed or were given up.", pg->read_failures);
    counter(out, "postgres_commits_total", "Transactions committed.", pg->commits);
    counter(out, "postgres_rollbacks_total", "Transactions not committed.", pg->rollbacks);
    metrics_head(out, "postgres_read_duration_seconds", "histogram", "How long answered reads took.");
    metrics_histogram(out, "postgres_read_duration_seconds", NULL, &pg->read_time);
}
