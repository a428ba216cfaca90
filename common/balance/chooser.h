/* chooser: which of the instances that may be picked is the next one; balancer.h has the order in which it looks.
 * Private to this folder.
 *
 * A choice takes no turn, so the same function serves a pick and `explain`. It only passes turns on, as slow_start.h
 * tells: the next choice would do the same.
 */
#ifndef BALANCE_CHOOSER_H
#define BALANCE_CHOOSER_H

#include "balance/eligible.h"
#include "balance/policy.h"

struct chooser {
    struct eligible eligible;
    struct policy *near, *far; /* two of the same kind: each has the turns of its side */
    int64_t slow_start_ms;     /* LB_SLOW_START */
    int64_t slow_starts_end_ms; /* the last of them; 0: there is none */
};

/* Call it after any change of the peers, of an ejection or of the policies. Allocates nothing. */
void chooser_update(struct chooser *chooser, const struct peer_list *peers, int64_t now_ms);

/* NULL: there is none. */
struct balancer_peer *chooser_choose(struct chooser *chooser, const struct balance_request *request, int64_t now_ms);
/* If the policy has compared `next` with another peer: that one; else NULL. */
const struct balancer_peer *chooser_compared(const struct chooser *chooser, const struct balance_request *request,
                                             const struct balancer_peer *next);
/* Moves on: `picked` was chosen, or none (NULL). */
void chooser_advance(struct chooser *chooser, const struct balance_request *request, struct balancer_peer *picked,
                     int64_t now_ms);

/* The next call stays in the caller's zone, if both sides can be picked. */
bool chooser_next_is_near(const struct chooser *chooser, const char *key);
/* An instance is in slow start, and the policy heeds it. */
bool chooser_any_slow_start(const struct chooser *chooser, int64_t now_ms);

#endif
