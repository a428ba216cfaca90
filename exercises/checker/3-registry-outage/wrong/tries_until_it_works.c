/* A wrong answer: it queries until Consul answers, and sleeps in between.
 * expect: sleep\(\) blocks the event loop: .*tries_until_it_works.c:1[0-9]
 * zh: sleep\(\) 会阻塞事件循环：它等待时，其他请求都得不到处理.*请删除它
 * score: 0 */
#include <unistd.h>

#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    if (!e->filled || now_ms - e->fetched_ms >= ttl_ms) {
        while (ask_consul(&e->list, why) != 0)
            sleep(1);
        e->filled = true;
        e->fetched_ms = now_ms;
    }
    *out = e->list;
    return 0;
}
