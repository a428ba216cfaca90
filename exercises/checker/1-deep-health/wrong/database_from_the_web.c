/* A wrong answer: it opens its own connection, as examples on the web do, and blocks the event loop.
 * expect: PQconnectdb\(\) blocks the event loop.*Use pg_select_1\(\).*database_from_the_web.c:11
 * zh: PQconnectdb\(\) 会阻塞事件循环：它等待时，其他请求都得不到处理.*请改用 pg_select_1
 * score: 0 */
#include <libpq-fe.h>

#include "given.h"

int check_postgres(struct deps *deps, deadline_t until, struct err *why)
{
    PGconn *connection = PQconnectdb("host=localhost dbname=lesson");
    (void)deps, (void)until;
    if (PQstatus(connection) != CONNECTION_OK)
        return err_set(why, "%s", PQerrorMessage(connection));
    PQclear(PQexec(connection, "SELECT 1"));
    PQfinish(connection);
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
