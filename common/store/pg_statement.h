/* pg_statement: an SQL statement, the rows that it returns, and the conflict that it may meet. */
#ifndef STORE_PG_STATEMENT_H
#define STORE_PG_STATEMENT_H

#include <stddef.h>

/* Static: compared by address. pg_read prepares it on each connection, at first use. */
struct pg_statement {
    const char *name; /* at most 50 characters */
    const char *sql; /* $1, $2, …; parameters and results travel as text */
    int params;
};

/* A violation of a unique key (or of an exclusion constraint) that the caller expects. */
struct pg_unique {
    const char *table, *column; /* the key may have more columns, and the column be in upper or lower case */
};

/* libpq's result under our name. */
struct pg_rows;

size_t pg_rows_count(const struct pg_rows *rows);
/* Text, "" for NULL; borrowed from rows. */
const char *pg_rows_get(const struct pg_rows *rows, size_t row, int column);
void pg_rows_free(struct pg_rows *rows); /* NULL is allowed */

#endif
