/* A wrong answer: it checks the database and nothing else.
 * expect: 2/6 Redis is stopped, but check_redis\(\) returned 0 \(healthy\). It did not check.*postgres_only.c:[0-9]+ check_redis
 * zh: 2/6 Redis 已停止，check_redis\(\) 却返回 0（健康）。它没有真正检查：没有调用 redis_ping\(\)（坑点 1：浅检查）
 * score: 2 */
#include "given.h"

int check_postgres(struct deps *deps, deadline_t until, struct err *why)
{
    return pg_select_1(deps, until, why);
}

int check_redis(struct deps *deps, deadline_t until, struct err *why)
{
    (void)deps, (void)until, (void)why;
    return 0;
}

int check_disk(struct deps *deps, deadline_t until, struct err *why)
{
    (void)deps, (void)until, (void)why;
    return 0;
}

int health_status(bool pg_ok, bool redis_ok, bool disk_ok)
{
    return pg_ok && redis_ok && disk_ok ? 200 : 503;
}
