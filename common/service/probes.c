#include "service/probes.h"

int probe_postgres(struct pg *pg, const struct pg_statement *statement, int64_t deadline, struct err *err)
{
    struct pg_rows *rows = NULL;
    struct err cause = ERR_INIT;
    int status = pg_read(pg, statement, NULL, deadline, &rows, &cause);
    pg_rows_free(rows);
    if (status == 0)
        return 0;
    if (cause.code == ERR_NOT_FOUND)
        return err_set(err, cause.code, "no schema (make db-seed DATABASE_URL=...): %s", cause.text);
    return err_set(err, cause.code, "%s", cause.text);
}
