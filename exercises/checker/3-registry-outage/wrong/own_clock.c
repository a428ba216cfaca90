/* A wrong answer: it reads a clock itself.
 * expect: clock_gettime\(\) reads a clock: use now_ms.*own_clock.c:12 now
 * zh: clock_gettime\(\) 读取了时钟：请使用调用方传入的当前时间 now_ms
 * score: 0 */
#include <time.h>

#include "given.h"

static __attribute__((noinline)) int64_t now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    now_ms = now();
    if ((!e->filled || now_ms - e->fetched_ms >= ttl_ms) && ask_consul(&e->list, why) != 0 && !e->filled)
        return -1;
    e->filled = true;
    e->fetched_ms = now_ms;
    *out = e->list;
    return 0;
}
