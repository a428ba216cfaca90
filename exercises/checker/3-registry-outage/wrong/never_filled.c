/* A wrong answer: it fills the list and does not set `filled`.
 * expect: 2/9 the list is in e->list, but e->filled is still false
 * zh: 2/9 列表已经存进 e->list，e->filled 却还是 false
 * score: 2 */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    if (e->filled && now_ms - e->fetched_ms < ttl_ms) {
        *out = e->list;
        return 0;
    }
    if (ask_consul(out, why) != 0)
        return -1;
    e->list = *out;
    e->fetched_ms = now_ms;
    return 0;
}
