/* sources: the lists of one service from all sources, and the choice of the one in use.
 *
 * The sources are up to four registries, the disk snapshot and the static list. In use
 * is the first registry with a fresh list; else the registry with the newest list; else
 * the snapshot; else the static list. So the snapshot and the static list never replace
 * a registry's list, not even a stale or an empty one.
 *
 * Pure: time is passed in.
 */
#ifndef DISCOVERY_SOURCES_H
#define DISCOVERY_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "discovery/merged_list.h"

enum { SOURCES_REGISTRIES_MAX = 4 };

struct source {
    const char *kind;           /* of the registry: static text */
    bool lacks_maintenance;     /* as in struct registry_ops */
    struct instance_list *list; /* the last good one; NULL: none yet */
    int64_t confirmed_ms;       /* when the source last gave or confirmed this list */
    uint64_t index;             /* of the list in its registry; see struct registry_cursor */
    bool tried;                 /* has succeeded or failed at least once */
    bool has_failed;            /* at least once */
    struct err error;           /* of the last try; ERR_NONE: it succeeded */
};

struct sources {
    struct source registries[SOURCES_REGISTRIES_MAX]; /* in order of trust */
    size_t registry_count;
    struct source disk, static_fallback;
    int64_t ttl_ms;

    const struct source *in_use; /* NULL: no source has a list */
    struct instance_list *list_in_use; /* the list of `in_use` that the merged list was made from */
    struct instance_list *maintained[SOURCES_REGISTRIES_MAX]; /* the other lists whose maintenance is in it; or NULL */
    struct merged_list merged;   /* the list of `in_use`, with recently lost instances */
    uint64_t version;            /* of the merged list; 0: there is none */
};

/* A query succeeded. Takes the reference to `list`; NULL: the last list is confirmed.
 * True: the list differs from the last one. */
bool source_update(struct source *source, struct instance_list *list, uint64_t index, int64_t now_ms);
/* A query failed. The last list stays. */
void source_failed(struct source *source, const struct err *err);

/* Chooses the source in use. Call it after each change of a source and, because lists
 * age, before each use of the list. Cheap if the choice stays the same. */
void sources_refresh(struct sources *sources, int64_t now_ms);

/* The value of X-Discovery-Source; "" if there is no list. Static text. */
const char *sources_name_in_use(const struct sources *sources, int64_t now_ms);
/* Time since the list in use was last confirmed; 0 for the static list and without a list. */
int64_t sources_age_ms(const struct sources *sources, int64_t now_ms);
/* The error of the most trusted registry that fails now; NULL: none fails. */
const char *sources_error(const struct sources *sources);
/* True: the last query to at least one registry succeeded. `failing` gets the errors of the others ("" for none). */
bool sources_any_registry_up(const struct sources *sources, char *failing, size_t size);
/* True: the first query to a registry, or the first read of the disk, is still under way. */
bool sources_are_pending(const struct sources *sources);

void sources_close(struct sources *sources);

#endif
