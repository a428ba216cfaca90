/* Exercise 1, solved: the instance is healthy if what it needs is there.
 *
 * A process that runs and has lost its database still accepts connections: seen
 * from outside it is alive, and every request to it fails. So each check asks its
 * dependency a real question, over the same connections that requests use. To
 * open a port would not do: a server that hangs accepts connections, too.
 *
 * Each passes `until` on. Whatever hangs, /health answers in time: a health check
 * that hangs with its dependency tells Consul nothing but "timeout", and piles up.
 */
#include "given.h"

int check_postgres(struct deps *deps, deadline_t until, struct err *why)
{
    return pg_select_1(deps, until, why);
}

int check_redis(struct deps *deps, deadline_t until, struct err *why)
{
    return redis_ping(deps, until, why);
}

int check_disk(struct deps *deps, deadline_t until, struct err *why)
{
    int percent = disk_free_percent(deps, until, why);
    if (percent < 0)
        return -1; /* not to know is not to be well: the reason is there already */
    if (percent < DISK_MIN_FREE_PERCENT)
        return err_set(why, "%d%% of the disk is free, %d%% is the least", percent, DISK_MIN_FREE_PERCENT);
    return 0;
}

/* The status is what Consul looks at, and all that it looks at: 2xx is passing, 429
 * a warning, anything else critical. A 200 that says "unhealthy" is healthy to it. */
int health_status(bool pg_ok, bool redis_ok, bool disk_ok)
{
    return pg_ok && redis_ok && disk_ok ? 200 : 503;
}
