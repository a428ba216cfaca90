/* A wrong answer: it stores the time of expiry instead of the time of the fetch, so the age of the list is wrong.
 * expect: 2/9 the list was fetched at now_ms=7000000000, but e->fetched_ms is 7000010000
 * zh: 2/9 列表是在 now_ms=7000000000 获取的，e->fetched_ms 却是 7000010000
 * score: 8 */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    if (e->filled && now_ms < e->fetched_ms) {
        *out = e->list;
        return 0;
    }
    if (!e->filled || now_ms >= e->next_try_ms) {
        e->next_try_ms = now_ms + 2000;
        struct list fresh;
        if (ask_consul(&fresh, why) == 0) {
            e->list = fresh;
            e->filled = true;
            e->fetched_ms = now_ms + ttl_ms;
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
