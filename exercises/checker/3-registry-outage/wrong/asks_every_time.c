/* A wrong answer: no cache: the lesson's first get_service_instances().
 * expect: 2/9 100 calls within the TTL asked Consul 100 times
 * zh: 2/9 TTL 之内的 100 次调用查了 Consul 100 次：新鲜的列表应来自缓存（第 1 步）。存进 e->list 了吗？
 * score: 2 */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    (void)e, (void)now_ms, (void)ttl_ms;
    return ask_consul(out, why);
}
