/* merged_list: the list in use. It is the registry's list, plus instances that the registry recently lost.
 *
 * An instance that disappears from the registry's list may still be running. A registry
 * that lost its state, or its view of a network, replies promptly and correctly with an
 * empty list. A caller that uses this list has no instance to call, although all are up.
 * So if a reply drops more than half of the instances at once, they stay in the list,
 * marked as missing. A missing instance is still called. It is removed when a call to it
 * fails, or after 60 s. Smaller losses are believed at once. (Envoy also keeps such hosts
 * until its own checks fail; Netflix' Eureka calls this self-preservation.)
 * Exception: a timeout removes none while the registry names no instance at all. On a starved
 * machine all calls time out for some seconds, and then no instance would be left.
 *
 * Pure: time is passed in.
 */
#ifndef DISCOVERY_MERGED_LIST_H
#define DISCOVERY_MERGED_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "registry/instance_list.h"

/* Longer than all instances need to register again with a registry that lost its state:
 * 30 s of jitter, 5 s until they notice the loss, 10 s until the first check. */
enum { MERGED_LIST_MISSING_MS = 60000 };

/* Zero-initialise. */
struct merged_list {
    struct instance_list *list; /* NULL: nothing is known yet */
    bool *missing;              /* one for each entry; NULL: none is missing */
    /* private */
    int64_t *until_ms;          /* one for each entry: when a missing one is removed */
    struct instance_list *source_list; /* as the source has it, without the missing instances */
    size_t failed_count;        /* missing instances with a failed call; they are removed next */
    int64_t next_expiry_ms;     /* the next removal; INT64_MAX: none is due */
};

/* The source has another list (a reference is taken). keep_lost: instances that it dropped
 * may stay as missing. Without memory the new list is used as it is. */
void merged_list_update(struct merged_list *merged, struct instance_list *source_list, bool keep_lost, int64_t now_ms);
/* A call to this instance failed: if it is missing, it will be removed, with the exception above. */
void merged_list_report_failure(struct merged_list *merged, const struct instance *failed, bool timed_out,
                                int64_t now_ms);
/* Removes the missing instances that are due. True: the list has changed. */
bool merged_list_expire(struct merged_list *merged, int64_t now_ms);
void merged_list_close(struct merged_list *merged);

#endif
