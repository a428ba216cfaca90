/* A wrong answer: it takes the deadline for a number of milliseconds.
 * expect: 2/6 check_redis\(\) gave redis_ping\(\) until=500, but it was called with until=.*pass it on unchanged
 * zh: 2/6 check_redis\(\) 传给 redis_ping\(\) 的是 until=500，但它收到的是 until=.*until 是时刻，不是毫秒数
 * score: 3 */
#include "given.h"

int check_postgres(struct deps *deps, deadline_t until, struct err *why)
{
    return pg_select_1(deps, until, why);
}

int check_redis(struct deps *deps, deadline_t until, struct err *why)
{
    (void)until;
    return redis_ping(deps, 500, why); /* half a second */
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
