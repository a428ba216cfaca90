/* Exercise 1: a deep health check (the task: README.md beside this file, in Chinese README.zh-CN.md).
 *
 * The lesson's first user-service always answers the same:
 *
 *     @app.route('/health')
 *     def health():
 *         return jsonify({"status": "healthy"})
 */
#include "given.h"

int check_postgres(struct deps *deps, deadline_t until, struct err *why)
{
    (void)deps, (void)until, (void)why;
    return 0;
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
    (void)pg_ok, (void)redis_ok, (void)disk_ok;
    return 200;
}
