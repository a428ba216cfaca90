/* A wrong answer: the first check asks all three dependencies.
 * expect: 1/6 check_postgres\(\) calls redis_ping\(\), too
 * zh: 1/6 check_postgres\(\) 还调用了 redis_ping\(\)：每个检查只检查自己的依赖，由 health_status\(\) 汇总
 * score: 4 */
#include "given.h"

int check_postgres(struct deps *deps, deadline_t until, struct err *why)
{
    return pg_select_1(deps, until, why) || redis_ping(deps, until, why) ? -1 : 0;
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
    return pg_ok && redis_ok && disk_ok ? 200 : 503;
}
