/* A wrong answer: the instance is healthy if at least one dependency works.
 * expect: 4/6 health_status\(pg_ok=1, redis_ok=1, disk_ok=0\): expected 503, got 200. One failure is enough
 * zh: 4/6 health_status\(pg_ok=1, redis_ok=1, disk_ok=0\)：应为 503，实际 200。一项失败就要返回 503
 * score: 3 */
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
        return -1;
    return percent < DISK_MIN_FREE_PERCENT ? err_set(why, "only %d%% free", percent) : 0;
}

int health_status(bool pg_ok, bool redis_ok, bool disk_ok)
{
    return pg_ok || redis_ok || disk_ok ? 200 : 503;
}
