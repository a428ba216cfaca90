/* A wrong answer: the lesson's ServiceClient: with Consul down and the TTL over, it returns an error.
 * expect: 4/9 Consul is stopped, the list is 10 s old: got -1 .*An old list is better than none
 * zh: 4/9 Consul 已停止，列表是 10 秒前的：返回了 -1（no instances）。旧列表总比没有强（第 3 步）
 * score: 4 */
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
    return err_set(why, "no instances");
}
