/* A wrong answer: a hung Redis hangs /health, too.
 * expect: 2/6 Redis hangs: check_redis\(\) waits longer than
 * zh: 2/6 Redis 卡住：check_redis\(\) 等待的时间超过了 until，/health 也会超时：请把 until 传给 redis_ping\(\)
 * score: 4 */
#include "given.h"

int check_postgres(struct deps *deps, deadline_t until, struct err *why)
{
    return pg_select_1(deps, until, why);
}

int check_redis(struct deps *deps, deadline_t until, struct err *why)
{
    (void)until;
    return redis_ping(deps, INT64_MAX, why);
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
    return pg_ok && redis_ok && disk_ok ? 200 : 503;
}
