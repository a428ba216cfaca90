/* A wrong answer: it discards the old list after five minutes of outage, though it is still better than none.
 * expect: 4/9 Consul is stopped, the list is [0-9]+ s old: got -1 .*An old list is better than none
 * zh: 4/9 Consul 已停止，列表是 [0-9]+ 秒前的：返回了 -1.*旧列表总比没有强
 * score: 8 */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    if (e->filled && now_ms - e->fetched_ms < ttl_ms) {
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
    if (e->filled && now_ms - e->fetched_ms < 300000) {
        *out = e->list;
        return 0;
    }
    return err_set(why, "no instances");
}
