/* Exercise 3, solved: what is known grows old, but it does not vanish.
 *
 * The registry tells who is there; it is not needed to call them. So a registry
 * that is down costs new knowledge, and no calls, as long as nobody throws away
 * the old knowledge and nobody waits for new.
 */
#include "given.h"

/* How long to leave a Consul alone that did not answer. Short, so that it is soon noticed when it is back;
 * longer than the second for which one request waits, so that hardly any ever does. */
enum { RETRY_AFTER_MS = 2000 };

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    /* 1. The cache, while it is fresh. */
    if (e->filled && now_ms - e->fetched_ms < ttl_ms) {
        *out = e->list;
        return 0;
    }

    /* 2. Expired: ask Consul. Level 2: but one request at a time, and not each of them. The moment of the
     * next try is set *before* asking: while this request waits, others come by here, and shall take what
     * is there. With nothing there, there is nothing better to do than to ask. */
    if (!e->filled || now_ms >= e->next_try_ms) {
        e->next_try_ms = now_ms + RETRY_AFTER_MS;
        struct list fresh; /* not e->list: others read that one meanwhile, and a failure leaves rubbish */
        if (ask_consul(&fresh, why) == 0) {
            /* Bonus: absent is not dead. A registry that has lost its memory says "nobody" in good faith.
             * To call the old ones costs an error at worst; not to call them is one for sure. */
            bool suddenly_empty = fresh.n == 0 && e->filled && e->list.n > 0;
            if (!suddenly_empty) {
                e->list = fresh;
                e->filled = true;
                e->fetched_ms = now_ms; /* when it was asked: the list cannot be younger than that */
                e->next_try_ms = 0;     /* it is well: when to ask again is for the TTL to say */
                *out = fresh;
                return 0;
            }
        }
    }

    /* 3. Consul is down: the old list is better than none. */
    if (e->filled) {
        *out = e->list;
        return 0;
    }

    /* 4. Neither. */
    return err_set(why, "no instances: Consul does not answer, and nothing is cached");
}
