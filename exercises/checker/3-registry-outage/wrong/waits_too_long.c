/* A wrong answer: the pause after a failed query is ten minutes.
 * expect: 4/9 Consul has been back for a whole TTL, but the old list is still in use: is next_try_ms
 * zh: 4/9 Consul 恢复已有一个 TTL，却还在用旧列表：next_try_ms 是不是设得太晚？
 * score: 5 */
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
        e->next_try_ms = now_ms + 600000;
    }
    if (e->filled) {
        *out = e->list;
        return 0;
    }
    return err_set(why, "no instances");
}
