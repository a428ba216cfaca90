/* A wrong answer: without a list it returns an empty list instead of an error.
 * expect: 5/9 Consul is stopped and nothing is cached: expected -1, got 0 with 0 instances
 * zh: 5/9 Consul 已停止，也没有缓存：应返回 -1，实际返回 0 和 0 个实例（第 4 步，坑点 4）
 * score: 5 */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    if (e->filled && now_ms - e->fetched_ms < ttl_ms) {
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
    if (e->filled) {
        *out = e->list;
        return 0;
    }
    out->n = 0;
    return 0;
}
