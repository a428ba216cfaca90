/* A wrong answer: the pause after a failed query is half a second: shorter than a query.
 * expect: 7/9 level 2: Consul hangs.*next_try_ms is too early: a query takes a second
 * zh: 7/9 第 2 关：Consul 卡住.*next_try_ms 设得太早
 * score: 8 */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    if (e->filled && now_ms - e->fetched_ms < ttl_ms) {
        *out = e->list;
        return 0;
    }
    if (!e->filled || now_ms >= e->next_try_ms) {
        e->next_try_ms = now_ms + 500;
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
