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
#ifndef DISCOVERY_MERGED_LIST_H
#define DISCOVERY_MERGED_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "registry/instance.h"

/* Longer than an honest return to a registry that has forgotten everybody takes:
 * 30 s of jitter, 5 s until the loss is noticed, 10 s until the first check. */
enum { MERGED_LIST_MISSING_MS = 60000 };

/* Zero-initialise. */
struct merged_list {
    struct instance_list *list; /* NULL: nothing is known */
    bool *missing;              /* one for each entry; NULL: none is missing */
    /* private */
    int64_t *until_ms;          /* of the missing ones: when they are believed to be gone */
    struct instance_list *source_list;
    size_t failed_count;                /* missing ones that failed, and are to be taken out */
    int64_t next_expiry_ms;            /* when there is something to take out; INT64_MAX: never */
};

/* A new answer (referenced). keep_lost: those it drops may stay as missing ones.
 * Where memory is out, it counts as it is. */
void merged_list_update(struct merged_list *merged, struct instance_list *answer, bool keep_lost, int64_t now_ms);
/* Calling this one failed: where it is missing, that settles it. */
void merged_list_report_failure(struct merged_list *merged, const char *id, int64_t now_ms);
/* Takes out those whose time is up. True: the list is another one now. */
bool merged_list_expire(struct merged_list *merged, int64_t now_ms);
void merged_list_close(struct merged_list *merged);

#endif
