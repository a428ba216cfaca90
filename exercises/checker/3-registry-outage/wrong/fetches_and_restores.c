/* A wrong answer: it fetches into the list that others read, and restores the old one if that failed.
 * expect: 6/9 while one request waits for Consul, another one reads the cache: it got half a list
 * zh: 6/9 一个请求在等 Consul 时，另一个请求读到了不完整的列表（1 个实例）。请先取到局部变量里，完整之后再复制进 e->list
 * score: 5 */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    if (e->filled && now_ms - e->fetched_ms < ttl_ms) {
        *out = e->list;
        return 0;
    }
    struct list before = e->list;
    if (ask_consul(&e->list, why) == 0) {
        e->filled = true;
        e->fetched_ms = now_ms;
    } else {
        e->list = before;
    }
    if (e->filled) {
        *out = e->list;
        return 0;
    }
    return err_set(why, "no instances");
}
