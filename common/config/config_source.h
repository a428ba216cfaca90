/* config_source: one interface for every kind of configuration center (配置中心).
 *
 * A center holds a folder of keys for each service. The watch (config_watch.h) asks for the whole folder and is told
 * when it changes. Consul's KV store implements it (consul_kv.h); Nacos would too, where the folder is one file
 * with a key on each line, and its long poll is the wait.
 */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct config_entry {
    char *key;   /* below the folder: "LB_POLICY" */
    char *value; /* text; never NULL */
};

/* What a folder holds. Zero-initialise. */
struct config_entries {
    struct config_entry *at;
    size_t count;
    /* Of this version. It grows with each change. If it falls, the center is taken to have lost its state: keys that
     * are missing then keep their values. (Consul's falls, too, when it forgets a deletion after some minutes.) */
    uint64_t index;
};

/* The first member of each kind's own struct. */
struct config_source {
    const char *name; /* "consul-kv": for the log */
    /* Reads the folder, in a fiber. Returns as soon as its index is another one than `index`, or after about wait_ms
     * (index 0: at once), or at the deadline. 0 with entries, or -1: they are empty then. An empty folder is no
     * error. */
    int (*fetch)(struct config_source *source, uint64_t index, int64_t wait_ms, int64_t deadline,
                 struct config_entries *entries, struct err *err);
    void (*free)(struct config_source *source);
};

/* Adds a copy, with a final line break of the value left out (`consul kv put KEY @file`); in the value a '\0'
 * becomes '?'. -1: out of memory. */
int config_entries_add(struct config_entries *entries, const char *key, const char *value, size_t len);
/* NULL: the folder has no such key. */
const char *config_entries_find(const struct config_entries *entries, const char *key);
void config_entries_close(struct config_entries *entries); /* may be called twice */

#endif
