/* roster: the list that is used: the registry's answer, and those whom it no
 * longer names but who are not yet believed to be gone.
 *
 * Absent is not dead. A registry that lost its state, or its sight of a network,
 * answers promptly and in good form, with an empty list; believed at once, that
 * takes down every caller while every instance is well (Envoy keeps such hosts
 * until its own checks fail them too; Netflix' Eureka calls it self-preservation).
 * So where an answer drops more than half at once, those stay, marked missing and
 * still picked, until calling them fails, or for 60 s. Fewer are believed at once.
 *
 * Pure: time is passed in.
 */
#ifndef DISCOVERY_ROSTER_H
#define DISCOVERY_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "registry/instance.h"

/* Longer than an honest return to a registry that has forgotten everybody takes:
 * 30 s of jitter, 5 s until the loss is noticed, 10 s until the first check. */
enum { ROSTER_MISSING_MS = 60000 };

/* Zero-initialise. */
struct roster {
    struct instance_list *list; /* NULL: nothing is known */
    bool *missing;              /* one for each entry; NULL: none is missing */
    /* private */
    int64_t *until_ms;          /* of the missing ones: when they are believed to be gone */
    struct instance_list *answer;
    size_t gone;                /* missing ones that failed, and are to be taken out */
    int64_t next_ms;            /* when there is something to take out; INT64_MAX: never */
};

/* A new answer (referenced). keep_lost: those it drops may stay as missing ones.
 * Where memory is out, it counts as it is. */
void roster_take(struct roster *roster, struct instance_list *answer, bool keep_lost, int64_t now_ms);
/* Calling this one failed: where it is missing, that settles it. */
void roster_corroborate(struct roster *roster, const char *id, int64_t now_ms);
/* Takes out those whose time is up. True: the list is another one now. */
bool roster_settle(struct roster *roster, int64_t now_ms);
void roster_close(struct roster *roster);

#endif
