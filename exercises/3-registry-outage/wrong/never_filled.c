/* A wrong answer: fills the list and forgets to say so.
 * expect: 2/9 100 calls within the TTL asked Consul 100 times
 * zh: 2/9 TTL 之内的 100 次调用查了 Consul 100 次：新鲜的列表应来自缓存（第 1 步）。存进缓存了吗？
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
