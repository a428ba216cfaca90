/* eligible: who can be picked, worked out when something happened. Private to this layer. */
#ifndef BALANCE_ELIGIBLE_H
#define BALANCE_ELIGIBLE_H

#include "balance/policy.h"

/* Which instances are used, best first: see balancer.h. */
enum tier { TIER_HEALTHY, TIER_FAIL_OPEN, TIER_LAST, TIER_NEVER };

struct balancer {
    struct policy *policy;
    char *zone;                 /* of the caller; "" for none */
    struct instance_list *list;
    struct balancer_peer **peers; /* all, in order of id */
    size_t peer_count;

    enum tier tier;
    size_t candidates;    /* in that tier, ejected or not */
    struct peer_set out;  /* of them: ejected or on probation. The last resort of a retry */
    struct peer_set near; /* the rest, or those of it in the caller's zone: what the policy picks from */
    struct peer_set far;  /* what `near` leaves out of that rest: for retries, when all near ones were tried */
    struct balancer_peer **probation; /* of `out`; asked in turn, each with one call at a time */
    size_t probation_count, probation_next;
    int64_t next_back_ms; /* when the next ejected one comes back; INT64_MAX: none is out */
    uint64_t ejections;
};

enum tier tier_of(const struct instance *instance);

/* After any change of peers, tier or ejections. Allocates nothing. */
void balancer_sort_out(struct balancer *balancer);
/* May this one be ejected? At most half are out, rounded down: so a lone one never. */
bool balancer_may_eject(const struct balancer *balancer, const struct balancer_peer *peer);

#endif
