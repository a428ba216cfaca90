/* watch: the life of one service's list at one registry, as one loop. Private to this layer.
 *
 * Ask; take the answer; ask again. A query that waits for a change confirms the
 * list within the TTL (it waits a third of it) and brings news within
 * milliseconds. A registry that answers every query at once, whatever it is
 * asked, gets two a second and no more. After a failure the next query does not
 * wait and has 2 s, so that a registry that hung is back in use soon.
 */
#ifndef DISCOVERY_WATCH_H
#define DISCOVERY_WATCH_H

#include "base/log_repeat.h"
#include "discovery/knowledge.h"
#include "loop/sync.h"
#include "registry/registry.h"

/* Not more than two at once, then one each half second (the generic cell rate
 * algorithm: all it remembers is one moment). Zero-initialise. */
struct pace {
    int64_t full_ms; /* when all that was used up will have come back */
};

/* How long to wait until the next may start. */
int64_t pace_wait_ms(const struct pace *pace, int64_t now_ms);
void pace_use(struct pace *pace, int64_t now_ms);

struct watched;

struct watch {
    struct watched *watched;
    struct registry *registry;
    struct answer *answer;
    struct registry_cursor cursor;
    struct pace pace;
    struct backoff backoff;
    struct log_repeat failure;
    size_t dropped;           /* entries of the last answer, for the log */
};

/* One service. */
struct watched {
    char *service;
    const char *snapshot_dir; /* "" for none */
    int64_t ttl_ms;
    bool poll;
    struct knowledge knowledge;
    struct watch watches[KNOWLEDGE_REGISTRIES_MAX];
    struct wait_queue first; /* who waits for something to be known */
    struct watched *next;
};

/* A fiber; arg is the watch. Ends when cancelled. */
void watch_run(void *arg);

#endif
