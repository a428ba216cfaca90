/* Exercise 1, solved: the instance is healthy if all its dependencies work.
 *
 * A process that has lost its database still accepts connections: from outside it
 * looks alive, but every request to it fails. So each check sends a real query to
 * its dependency, over the same connections that requests use. It is not enough to
 * open the port: a server that hangs accepts connections, too.
 *
 * Each check passes `until` on, so /health answers in time even if a dependency hangs.
 * Otherwise Consul would see only "timeout", and the checks would pile up.
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
        return -1; /* an unknown disk is not healthy; `why` has the reason already */
    if (percent < DISK_MIN_FREE_PERCENT)
        return err_set(why, "%d%% of the disk is free; at least %d%% must be", percent, DISK_MIN_FREE_PERCENT);
    return 0;
}

/* Consul reads only the status: 2xx is passing, 429 is warning, anything else is
 * critical. A 200 with the body "unhealthy" is passing. */
int health_status(bool pg_ok, bool redis_ok, bool disk_ok)
{
    return pg_ok && redis_ok && disk_ok ? 200 : 503;
}
