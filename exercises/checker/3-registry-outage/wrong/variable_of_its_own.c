/* A wrong answer: one cache for all entries, in a static variable instead of *e.
 * expect: 1/9 a new entry \(filled is false\), and Consul lists no instances.*in \*e, not in a variable of your own
 * zh: 1/9 一个全新的 entry（filled 为 false），Consul 没有列出实例.*请把列表保存在 \*e 里，不要另设变量
 * score: 6 */
#include "given.h"

static struct list cached;
static bool filled;
static int64_t fetched_ms, next_try_ms;

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    (void)e;
    if (!filled || (now_ms - fetched_ms >= ttl_ms && now_ms >= next_try_ms)) {
        next_try_ms = now_ms + 2000;
        struct list fresh;
        if (ask_consul(&fresh, why) == 0) {
            cached = fresh;
            filled = true;
            fetched_ms = now_ms;
        } else if (!filled) {
            return err_set(why, "no instances");
        }
    }
    *out = cached;
    return 0;
}
