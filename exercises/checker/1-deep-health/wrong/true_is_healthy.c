/* A wrong answer: it returns 1 for healthy instead of 0.
 * expect: 1/6 check_postgres\(\) returned 1: 0 means healthy, -1 not
 * zh: 1/6 check_postgres\(\) 返回了 1：0 表示健康，-1 表示不健康，不允许其他值
 * score: 1 */
#include "given.h"

int check_postgres(struct deps *deps, deadline_t until, struct err *why)
{
    if (pg_select_1(deps, until, why) != 0)
        return -1;
    return true;
}

int check_redis(struct deps *deps, deadline_t until, struct err *why)
{
    if (redis_ping(deps, until, why) != 0)
        return -1;
    return true;
}

int check_disk(struct deps *deps, deadline_t until, struct err *why)
{
    if (disk_free_percent(deps, until, why) < DISK_MIN_FREE_PERCENT)
        return err_set(why, "the disk is full");
    return true;
}

int health_status(bool pg_ok, bool redis_ok, bool disk_ok)
{
    return pg_ok && redis_ok && disk_ok ? 200 : 503;
}
