/* A wrong answer: after one success it never checks again.
 * expect: 2/6 Redis hangs, but check_redis\(\) returned 0 \(healthy\). It did not check
 * zh: 2/6 Redis 卡住，check_redis\(\) 却返回 0（健康）。它没有真正检查
 * score: 3 */
#include "given.h"

int check_postgres(struct deps *deps, deadline_t until, struct err *why)
{
    return pg_select_1(deps, until, why);
}

int check_redis(struct deps *deps, deadline_t until, struct err *why)
{
    static bool healthy;
    healthy = healthy || redis_ping(deps, until, why) == 0;
    return healthy ? 0 : -1;
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
