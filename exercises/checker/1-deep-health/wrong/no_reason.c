/* A wrong answer: it returns -1 without a reason.
 * expect: 3/6 check_disk\(\) returned -1 without a reason: use err_set
 * zh: 3/6 check_disk\(\) 返回了 -1，却没有说明原因：请用 err_set\(why, …\)
 * score: 5 */
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
    return disk_free_percent(deps, until, why) < DISK_MIN_FREE_PERCENT ? -1 : 0;
}

int health_status(bool pg_ok, bool redis_ok, bool disk_ok)
{
    return pg_ok && redis_ok && disk_ok ? 200 : 503;
}
