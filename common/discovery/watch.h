/* watch: keeps the list of one service from one registry up to date. Private to this layer.
 *
 * One loop: query the registry, store the reply, query again. The query waits in the
 * registry for a change and returns a new list within milliseconds. Without a change it
 * returns after a third of the TTL, which confirms the list. If a registry replies to
 * every query at once, it gets at most two queries a second. After a failure the next
 * query does not wait for a change and times out after 2 s, so that a registry that hung
 * is soon in use again.
 */
#ifndef DISCOVERY_WATCH_H
#define DISCOVERY_WATCH_H

#include "base/log_repeat.h"
#include "discovery/sources.h"
#include "loop/pace.h"
#include "loop/sync.h"
#include "registry/registry.h"

struct watched_service;

/* One service at one registry. */
struct watch {
    struct watched_service *service;
    struct registry *registry;
    struct source *source;
    struct registry_cursor cursor;
    struct pace pace;
    struct backoff backoff;
    struct log_repeat failure;
    size_t dropped;           /* unusable entries in the last list: logged when the number changes */
};

struct watched_service {
    char *name;
    const char *snapshot_dir; /* "" for none */
    int64_t ttl_ms;
    bool poll;
    struct sources sources;
    struct watch watches[SOURCES_REGISTRIES_MAX];
    struct wait_queue waiting; /* callers that wait for the first list */
    struct watched_service *next;
};

/* A fiber; arg is the struct watch. Ends when cancelled. */
void watch_run(void *arg);

#endif
