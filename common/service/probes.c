#include "service/probes.h"

#include "base/clock.h"
#include "loop/fiber.h"

enum { GRACE_MS = 200, POLL_MS = 5 };

int probe_postgres(struct pg *pg, const struct pg_statement *statement, int64_t deadline, struct err *err)
{
    int64_t grace = deadline_min(deadline, deadline_in(GRACE_MS));
    while (!pg_is_up(pg) && deadline_left(grace) > 0)
        if (fiber_sleep(POLL_MS) != 0)
            return err_set(err, ERR_CANCELLED, "cancelled");

    struct pg_rows *rows = NULL;
    if (pg_read(pg, statement, NULL, deadline, &rows, err) != 0)
        return -1;
    pg_rows_free(rows);
    return 0;
}
