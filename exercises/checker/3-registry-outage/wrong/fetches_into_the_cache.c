/* A wrong answer: it fetches into the list that others read.
 * expect: 4/9 Consul is stopped: expected the old list of 3, got 1. Was it overwritten
 * zh: 4/9 Consul 已停止：应返回旧列表的 3 个实例，实际 1 个。查询失败时是不是把它覆盖了？
 * score: 4 */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    if (e->filled && now_ms - e->fetched_ms < ttl_ms) {
        *out = e->list;
        return 0;
    }
    if (ask_consul(&e->list, why) == 0) {
        e->filled = true;
        e->fetched_ms = now_ms;
    }
    if (e->filled) {
        *out = e->list;
        return 0;
    }
    return err_set(why, "no instances");
}
