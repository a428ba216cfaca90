/* A wrong answer: copies the list by hand, and only as much as a pointer is long.
 * expect: 1/9 the first call, Consul names 3 instances: \*out says so, too, but they are not in it. Copy the list as a whole
 * zh: 1/9 第一次调用，Consul 给出 3 个实例：\*out 里个数对了，内容却不对。请整个复制
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
