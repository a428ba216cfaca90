/* A wrong answer: it pauses after a failed query even if the cache is empty.
 * expect: 5/9 Consul started 0.1 s later: with nothing cached, ask it at once
 * zh: 5/9 0\.1 秒后 Consul 启动了：没有缓存时应立即查询
 * score: 8 */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    if (e->filled && now_ms - e->fetched_ms < ttl_ms) {
        *out = e->list;
        return 0;
    }
    if (now_ms >= e->next_try_ms) {
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
