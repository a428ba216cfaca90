/* knowledge: what is known of one service, and which of it counts now.
 *
 * The order of trust: what Consul has confirmed within the TTL; what the second
 * registry has; then the newest list that either ever gave; then what was kept
 * on disk; then the static list. A lower one never replaces newer knowledge: an
 * empty answer is knowledge too.
 *
 * Pure: time is passed in.
 */
#ifndef DISCOVERY_KNOWLEDGE_H
#define DISCOVERY_KNOWLEDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "discovery/roster.h"

enum { KNOWLEDGE_REGISTRIES_MAX = 4 };

/* What one source has said. */
struct answer {
    const char *kind;           /* of the registry: static text */
    struct instance_list *list; /* the last good one; NULL: none yet */
    int64_t confirmed_ms;       /* when it was said last */
    uint64_t index;
    bool asked;                 /* has answered or failed at least once */
    bool has_failed;            /* once at least */
    struct err error;           /* of the last time; ERR_NONE: it was good */
};

struct knowledge {
    struct answer registries[KNOWLEDGE_REGISTRIES_MAX]; /* in order of trust */
    size_t registry_count;
    struct answer disk, fixed;
    int64_t ttl_ms;

    const struct answer *used; /* NULL: nothing is known */
    struct roster roster;      /* what `used` comes to */
    uint64_t version;          /* of the roster; 0: there is none */
};

/* A good answer; takes the reference. NULL: the last one is confirmed. True: it differs
 * from the last. */
bool knowledge_answer(struct answer *answer, struct instance_list *list, uint64_t index, int64_t now_ms);
void knowledge_failed(struct answer *answer, const struct err *err);

/* Works out what counts now: after any change, and before each look, for time
 * alone changes it too. Costs nothing where nothing did. */
void knowledge_settle(struct knowledge *knowledge, int64_t now_ms);

/* As X-Discovery-Source has it; "" where nothing is known. Static text. */
const char *knowledge_source(const struct knowledge *knowledge, int64_t now_ms);
/* Since the list was last confirmed; 0 for the static one and for none. */
int64_t knowledge_age_ms(const struct knowledge *knowledge, int64_t now_ms);
/* Why the most trusted of the failing registries fails; NULL: none does. */
const char *knowledge_error(const struct knowledge *knowledge);
/* Does at least one registry answer now? In `failing` ("" for none), why the others do not. */
bool knowledge_answers(const struct knowledge *knowledge, char *failing, size_t size);
/* Is there a registry, or the disk, that was never asked to the end? */
bool knowledge_is_pending(const struct knowledge *knowledge);

void knowledge_close(struct knowledge *knowledge);

#endif
