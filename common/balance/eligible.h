/* eligible: which instances may be picked. Private to this folder.
 *
 * It is computed when something changes (a new list, an ejection, the end of one), and
 * never in a pick: so a pick costs the same for three instances and for ten thousand.
 *
 *   1. One tier of health is in use, the best one that has an instance:
 *      a. passing, and warning unless the warning weight is 0;
 *      b. critical, as if healthy. If all are critical, the cause is usually something
 *         that they share, and they may still answer (fail open, the panic mode of Envoy);
 *      c. those whose node is down.
 *      An instance in maintenance is never picked.
 *   2. In that tier at most half of the instances are out (outlier.h).
 *   3. Of the rest, those in the caller's zone are `near`: the policy picks from these.
 *      If fewer than half of that zone are left, all of the rest are `near`.
 */
#ifndef BALANCE_ELIGIBLE_H
#define BALANCE_ELIGIBLE_H

#include "balance/peer_list.h"

enum tier { TIER_HEALTHY, TIER_FAIL_OPEN, TIER_LAST, TIER_NEVER };

enum tier tier_of(const struct instance *instance);

struct eligible {
    const char *zone;     /* the caller's, borrowed; "" for none */
    enum tier tier;       /* the one in use; TIER_NEVER: no instance may be picked */
    size_t candidates;    /* instances in that tier, out or not */
    struct peer_set out;  /* of these: ejected or on probation. The last resort of a retry */
    struct peer_set near; /* the policy picks from these */
    struct peer_set far;  /* in other zones: for a retry when all of `near` were tried */
    struct balancer_peer **probation; /* of `out`: each gets one call at a time, in rotation */
    size_t probation_count, probation_next;
    int64_t next_back_ms; /* when the next ejection ends; INT64_MAX: none is ejected */
};

void eligible_init(struct eligible *eligible, const char *zone);
void eligible_close(struct eligible *eligible);
/* Makes room for `count` peers. 0, or -1: out of memory. */
int eligible_reserve(struct eligible *eligible, size_t count);

/* After any change of the peers or of an ejection. Allocates nothing. */
void eligible_update(struct eligible *eligible, const struct peer_list *peers);
/* Begins the probation of the instances whose ejection has ended. True: there was
 * one, and eligible_update is to be called. */
bool eligible_end_ejections(const struct eligible *eligible, const struct peer_list *peers, int64_t now_ms);
/* Keeps the rule of at most half, rounded down: so a lone instance is never ejected. */
bool eligible_may_eject(const struct eligible *eligible, const struct balancer_peer *peer);

#endif
