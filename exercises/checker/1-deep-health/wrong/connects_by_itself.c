/* A wrong answer: a call found on the web, which blocks the event loop.
 * expect: redisConnect\(\) blocks the event loop.*Use redis_ping\(\)
 * zh: redisConnect\(\) 会阻塞事件循环：它等待时，其他请求都得不到处理.*请改用 redis_ping
 * score: 0 */
#include <hiredis/hiredis.h>

#include "given.h"

int check_postgres(struct deps *deps, deadline_t until, struct err *why)
{
    return pg_select_1(deps, until, why);
}

int check_redis(struct deps *deps, deadline_t until, struct err *why)
{
    (void)deps, (void)until, (void)why;
    redisContext *redis = redisConnect("127.0.0.1", 6379);
    return redis && !redis->err ? 0 : -1;
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
