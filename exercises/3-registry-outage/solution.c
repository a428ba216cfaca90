/* Exercise 3, solved: an old list is still a list.
 *
 * The registry lists the instances; a call does not need the registry. So if the
 * registry is down, calls still succeed, provided that the caller keeps the old list
 * and no request waits for a new one.
 */
#include "given.h"

/* The pause after a failed query. It is short, to notice soon that Consul is back, but longer than the second for
 * which one request waits, so that hardly any request waits. */
enum { RETRY_AFTER_MS = 2000 };

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    /* 1. The cache, while it is fresh. */
    if (e->filled && now_ms - e->fetched_ms < ttl_ms) {
        *out = e->list;
        return 0;
    }

    /* 2. Expired: ask Consul. Level 2: but only one request at a time, and not every request. The moment of the
     * next try is set *before* the query: while this request waits, others run this code, and they use the old
     * list. If there is no list, every request asks: it has no alternative. */
    if (!e->filled || now_ms >= e->next_try_ms) {
        e->next_try_ms = now_ms + RETRY_AFTER_MS;
        struct list fresh; /* not e->list: other requests read that meanwhile, and a failed query leaves it undefined */
        if (ask_consul(&fresh, why) == 0) {
            /* Bonus: an instance that disappears from the list may still be running. A registry that was restarted
             * has an empty list. A call to an old instance may fail; without instances every call fails. */
            bool suddenly_empty = fresh.n == 0 && e->filled && e->list.n > 0;
            if (!suddenly_empty) {
                e->list = fresh;
                e->filled = true;
                e->fetched_ms = now_ms; /* the time of the query: the list is at least that old */
                e->next_try_ms = 0;     /* success: from now on the TTL decides when to ask */
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
