/* A wrong answer: each request waits for a hung Consul.
 * expect: 7/9 level 2: Consul hangs, and ([0-9]+) calls asked it \1 times and waited a second each. After a failed query
 * zh: 7/9 第 2 关：Consul 卡住，[0-9]+ 次调用查了它 [0-9]+ 次，每次都等一秒。查询失败之后，隔一段时间再查：next_try_ms
 * score: 6 */
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
        e->fetched_ms = now_ms;
        *out = fresh;
        return 0;
    }
    if (e->filled) {
        *out = e->list;
        return 0;
    }
    return err_set(why, "no instances");
}
