/* A wrong answer: it sets the time of the next try only after the query has failed.
 * expect: 8/9 level 2: while one request waits for Consul, the next one asked it, too
 * zh: 8/9 第 2 关：一个请求在等 Consul 时，下一个请求也去查了：next_try_ms 要在查询之前设置，而不是之后
 * score: 8 */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    if (e->filled && now_ms - e->fetched_ms < ttl_ms) {
        *out = e->list;
        return 0;
    }
    if (!e->filled || now_ms >= e->next_try_ms) {
        struct list fresh;
        if (ask_consul(&fresh, why) == 0) {
            e->list = fresh;
            e->filled = true;
            e->fetched_ms = now_ms;
            *out = fresh;
            return 0;
        }
        e->next_try_ms = now_ms + 2000;
    }
    if (e->filled) {
        *out = e->list;
        return 0;
    }
    return err_set(why, "no instances");
}
