/* A wrong answer: a fixed TTL instead of ttl_ms.
 * expect: 3/9 with ttl_ms=5000, and 5001 ms after a successful query, Consul was not asked
 * zh: 3/9 ttl_ms=5000，查询成功 5001 毫秒之后没有再查 Consul
 * score: 8 */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    (void)ttl_ms;
    if (e->filled && now_ms - e->fetched_ms < 10000) {
        *out = e->list;
        return 0;
    }
    if (!e->filled || now_ms >= e->next_try_ms) {
        e->next_try_ms = now_ms + 2000;
        struct list fresh;
        if (ask_consul(&fresh, why) == 0) {
            e->list = fresh;
            e->filled = true;
            e->fetched_ms = now_ms;
            *out = fresh;
            return 0;
        }
    }
    if (e->filled) {
        *out = e->list;
        return 0;
    }
    return err_set(why, "no instances");
}
