/* A wrong answer: it writes a reason and returns 0.
 * expect: 3/6 3 % of the disk is free: check_disk\(\) wrote a reason, but returned 0
 * zh: 3/6 磁盘只剩 3%：check_disk\(\) 写了原因，却返回 0（健康）：请写 return err_set\(why, …\)
 * score: 4 */
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
    if (percent < DISK_MIN_FREE_PERCENT)
        err_set(why, "only %d%% free", percent);
    return 0;
}

int health_status(bool pg_ok, bool redis_ok, bool disk_ok)
{
    return pg_ok && redis_ok && disk_ok ? 200 : 503;
}
