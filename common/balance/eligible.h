/* eligible: which instances may be picked. Private to this folder.
 *
 * It is computed when something changes (a new list, an ejection, the end of one), and
 * never in a pick: so a pick costs the same for three instances and for ten thousand.
 *
 *   1. One tier of health is in use, the best one that has an instance:
 *      a. passing, and warning unless the warning weight is 0;
 *      b. critical, as if healthy. If all are critical, the cause is usually something
 *         that they share, and calls may still succeed (fail open, the panic mode of Envoy).
 *         They are in use beside those of a. while all of a. are failing (outlier.h);
 *      c. on a node that is down.
 *      An instance in maintenance, or off the route (route.h), is never picked.
 *   2. Of these, at most half are out (ejections.h): they have failed repeatedly, or much more often than the others.
 *   3. Of the rest, those in the caller's zone are `near`, the others are `far` (zones.h).
 */
#ifndef BALANCE_ELIGIBLE_H
#define BALANCE_ELIGIBLE_H

#include "balance/ejections.h"
#include "balance/zones.h"

enum tier { TIER_HEALTHY, TIER_FAIL_OPEN, TIER_LAST, TIER_NEVER };

enum tier tier_of(const struct balancer_peer *peer);

struct eligible {
    enum tier tier;       /* the worst one in use; TIER_NEVER: no instance may be picked */
    enum tier best;       /* the best one in use */
    bool works;           /* not all instances in use are failing (outlier.h) */
    struct ejections ejections; /* of the instances in use, those that are out */
    struct zones zones;   /* which part of the calls goes to `near` */
    struct peer_set near; /* in the caller's zone; all, if it has no zone or no instance is in it */
    struct peer_set far;  /* in other zones */
};

void eligible_init(struct eligible *eligible, const char *caller, const char *zone);
void eligible_close(struct eligible *eligible);
/* Makes room for `count` peers. 0, or -1: out of memory. */
int eligible_reserve(struct eligible *eligible, size_t count);

/* Call it for each new list, before eligible_update. */
void eligible_count_zones(struct eligible *eligible, const struct peer_list *peers);
/* Computes all of the above. Call it after any change of the peers or of an ejection. Allocates nothing. */
void eligible_update(struct eligible *eligible, const struct peer_list *peers);
/* Begins the slow start of each peer that now gets turns as a healthy one, and did not before (slow_start.h). Call it
 * after eligible_update. window_ms: 0: each has its full share at once. Returns when the last slow start ends; 0: there
 * is none. */
int64_t eligible_begin_slow_starts(const struct peer_list *peers, int64_t window_ms, int64_t now_ms);
/* True: this peer may be ejected. Its tier is in use, and at most half of the instances in use are out afterwards. */
bool eligible_may_eject(const struct eligible *eligible, const struct balancer_peer *peer);
/* At the end of an interval: ejects the instances that stand out by their failure rate (failure_rate.h), as long as at
 * most half are out. Returns their number; if it is not 0, call eligible_update. */
size_t eligible_eject_for_rate(const struct eligible *eligible, const struct failure_rate *rate, int64_t now_ms);

#endif
