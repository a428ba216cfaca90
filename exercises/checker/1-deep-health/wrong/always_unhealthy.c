/* A wrong answer: one check is not written yet and always returns -1.
 * expect: 2/6 check_redis\(\) returned -1 without a check: it does not call redis_ping\(\)
 * zh: 2/6 check_redis\(\) 没有检查就返回 -1（不健康）：没有调用 redis_ping\(\)
 * score: 3 */
#include "given.h"

int check_postgres(struct deps *deps, deadline_t until, struct err *why)
{
    return pg_select_1(deps, until, why);
}

int check_redis(struct deps *deps, deadline_t until, struct err *why)
{
    (void)deps, (void)until;
    return err_set(why, "not written yet");
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
