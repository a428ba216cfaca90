/* A wrong answer: it copies only as many bytes of the list as a pointer has.
 * expect: 1/9 the first call, Consul lists 3 instances: out->n is right, but the instances are not in \*out. Copy the whole list
 * zh: 1/9 第一次调用，Consul 给出 3 个实例：\*out 里个数正确，内容却不对。请整体复制
 * score: 0 */
#include <string.h>

#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    if (!e->filled || now_ms - e->fetched_ms >= ttl_ms) {
        struct list fresh;
        if (ask_consul(&fresh, why) == 0) {
            e->list = fresh;
            e->filled = true;
            e->fetched_ms = now_ms;
        }
    }
    if (!e->filled)
        return -1;
    memcpy(out, &e->list, sizeof out);
    return 0;
}
