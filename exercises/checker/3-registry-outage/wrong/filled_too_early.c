/* A wrong answer: it sets `filled` before the list has arrived.
 * expect: 6/9 while the very first request waits for Consul, another one got a list that is not there yet
 * zh: 6/9 第一个请求还在等 Consul 时，另一个请求得到了还没取完的列表
 * score: 8 */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    if (e->filled && now_ms - e->fetched_ms < ttl_ms) {
        *out = e->list;
        return 0;
    }
    if (!e->filled) { /* the first time there is no old list to damage */
        e->filled = true;
        e->fetched_ms = now_ms;
        if (ask_consul(&e->list, why) == 0) {
            *out = e->list;
            return 0;
        }
        e->filled = false;
        return err_set(why, "no instances");
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
    *out = e->list;
    return 0;
}
