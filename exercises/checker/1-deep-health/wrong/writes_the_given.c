/* A wrong answer: "redis_ping() has no body, so I have to write it."
 * expect: redis_ping\(\) is given: remove your own version and call the given one\. See exercise 1\. Edit writes_the_given.c:12 redis_ping
 * zh: redis_ping\(\) 已经给出：请删除你自己写的，直接调用即可。见练习 1
 * score: 0 */
#include "given.h"

int check_postgres(struct deps *deps, deadline_t until, struct err *why)
{
    return pg_select_1(deps, until, why);
}

int redis_ping(struct deps *deps, deadline_t until, struct err *why)
{
    (void)deps, (void)until, (void)why;
    return 0;
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
