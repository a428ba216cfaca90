/* A wrong answer: asks Consul straight into the list that others read.
 * expect: 4/9 Consul is stopped: expected the old list of 3, got 1. Was it overwritten */
#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    if (e->filled && now_ms - e->fetched_ms < ttl_ms) {
        *out = e->list;
        return 0;
    }
    if (ask_consul(&e->list, why) == 0) {
        e->filled = true;
        e->fetched_ms = now_ms;
    }
    if (e->filled) {
        *out = e->list;
        return 0;
    }
    return err_set(why, "no instances");
}
