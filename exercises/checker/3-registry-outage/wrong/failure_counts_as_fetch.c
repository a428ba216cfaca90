/* A wrong answer: it sets the time of the fetch even if the query failed, so the stale list looks fresh.
 * expect: 4/9 Consul is stopped, but e->fetched_ms changed, although nothing was fetched
 * zh: 4/9 Consul 已停止，没有取到列表，e->fetched_ms 却变了：过期列表会被当成新鲜的
 * score: 7 */
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
    } else if (!e->filled) {
        return -1;
    }
    e->fetched_ms = now_ms;
    *out = e->list;
    return 0;
}
