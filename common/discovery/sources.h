/* knowledge: what is known of one service, and which of it counts now.
 *
 * The order of trust: what Consul has confirmed within the TTL; what the second
 * registry has; then the newest list that either ever gave; then what was kept
 * on disk; then the static list. A lower one never replaces newer knowledge: an
 * empty answer is knowledge too.
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

/* What one source has said. */
struct source {
    const char *kind;           /* of the registry: static text */
    struct instance_list *list; /* the last good one; NULL: none yet */
    int64_t confirmed_ms;       /* when it was said last */
    uint64_t index;
    bool tried;                 /* has answered or failed at least once */
    bool has_failed;            /* once at least */
    struct err error;           /* of the last time; ERR_NONE: it was good */
};

struct sources {
    struct source registries[SOURCES_REGISTRIES_MAX]; /* in order of trust */
    size_t registry_count;
    struct source disk, static_fallback;
    int64_t ttl_ms;

    const struct source *in_use; /* NULL: nothing is known */
    struct merged_list merged;      /* what `used` comes to */
    uint64_t version;          /* of the roster; 0: there is none */
};

/* A good answer; takes the reference. NULL: the last one is confirmed. True: it differs
 * from the last. */
bool source_update(struct source *source, struct instance_list *list, uint64_t index, int64_t now_ms);
void source_failed(struct source *source, const struct err *err);

/* Works out what counts now: after any change, and before each look, for time
 * alone changes it too. Costs nothing where nothing did. */
void sources_refresh(struct sources *sources, int64_t now_ms);

/* As X-Discovery-Source has it; "" where nothing is known. Static text. */
const char *sources_name_in_use(const struct sources *sources, int64_t now_ms);
/* Since the list was last confirmed; 0 for the static one and for none. */
int64_t sources_age_ms(const struct sources *sources, int64_t now_ms);
/* Why the most trusted of the failing registries fails; NULL: none does. */
const char *sources_error(const struct sources *sources);
/* Does at least one registry answer now? In `failing` ("" for none), why the others do not. */
bool sources_any_registry_up(const struct sources *sources, char *failing, size_t size);
/* Is there a registry, or the disk, that was never asked to the end? */
bool sources_are_pending(const struct sources *sources);

void sources_close(struct sources *sources);

#endif
