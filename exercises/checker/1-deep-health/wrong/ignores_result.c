/* A wrong answer: it calls the given function and ignores the result.
 * expect: 2/6 Redis is stopped, redis_ping\(\) failed, but check_redis\(\) returned 0
 * zh: 2/6 Redis 已停止，redis_ping\(\) 已失败，check_redis\(\) 却仍返回 0（健康）：请返回它的结果
 * score: 3 */
#include "given.h"

int check_postgres(struct deps *deps, deadline_t until, struct err *why)
{
    return pg_select_1(deps, until, why);
}

int check_redis(struct deps *deps, deadline_t until, struct err *why)
{
    redis_ping(deps, until, why);
    return 0;
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
