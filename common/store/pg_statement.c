#include "store/pg_statement.h"

#include <libpq-fe.h>

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
