/* Exercise 3: the registry fails (the task: README.md beside this file, in Chinese README.zh-CN.md).
 *
 * The lesson's comment (part VI, way 2):
 *
 *     def get_instances(self, service_name):
 *         # 1. 先查缓存                    look into the cache
 *         # 2. 缓存过期，查 Consul          expired: ask Consul
 *         # 3. Consul 挂了，返回缓存        Consul is down: return the cache
 *         # 4. 都没有，抛异常               neither: an error
 */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    (void)e, (void)now_ms, (void)ttl_ms, (void)out;
    return err_set(why, "get_instances() is not written yet");
}
