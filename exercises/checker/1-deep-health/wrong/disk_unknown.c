/* A wrong answer: a disk that cannot be read counts as healthy.
 * expect: 3/6 the disk cannot be read, disk_free_percent\(\) failed, but check_disk\(\) returned 0
 * zh: 3/6 无法读取磁盘，disk_free_percent\(\) 已失败，check_disk\(\) 却仍返回 0（健康）：请返回它的结果
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
    if (percent >= 0 && percent < DISK_MIN_FREE_PERCENT)
        return err_set(why, "only %d%% free", percent);
    return 0;
}

int health_status(bool pg_ok, bool redis_ok, bool disk_ok)
{
    return pg_ok && redis_ok && disk_ok ? 200 : 503;
}
