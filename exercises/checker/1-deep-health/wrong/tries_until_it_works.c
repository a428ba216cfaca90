/* A wrong answer: it asks a stopped Redis again and again, so /health never answers.
 * expect: 2/6 check_redis\(\), Redis stopped: did not return within 10 s: an endless loop.*tries_until_it_works.c:1[0-9]
 * zh: 2/6 check_redis\(\)，Redis 已停止：10 秒内没有返回：死循环，或者某个调用一直在等待
 * score: 3 */
#include "given.h"

int check_postgres(struct deps *deps, deadline_t until, struct err *why)
{
    return pg_select_1(deps, until, why);
}

int check_redis(struct deps *deps, deadline_t until, struct err *why)
{
    while (redis_ping(deps, until, why) != 0)
        ; /* it may be back the next time */
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
