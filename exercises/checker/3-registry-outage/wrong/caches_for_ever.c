/* A wrong answer: the first list is never refreshed.
 * expect: 3/9 after the TTL Consul was not asked: the cache never expires
 * zh: 3/9 TTL 过后没有查 Consul：缓存永不过期，下线的实例会一直被调用（第 2 步，坑点 3）
 * score: 3 */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    (void)ttl_ms;
    if (e->filled) {
        *out = e->list;
        return 0;
    }
    struct list fresh;
    if (ask_consul(&fresh, why) == 0) {
        e->list = fresh;
        e->filled = true;
        e->fetched_ms = now_ms;
        *out = fresh;
        return 0;
    }
    return err_set(why, "no instances");
}
