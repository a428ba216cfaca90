/* zones: which part of the calls stays in the caller's zone. Private to this folder.
 *
 * Calls within a zone are faster and cheaper. But if the caller's zone has fewer instances
 * than its share of the callers needs, these few must not get the calls of all of them.
 * The callers are taken as spread evenly over the `z` zones that the list names. So the
 * zone's callers make 1/z of all calls. If its instances have the part `s` of the total
 * weight, they can take the part s of all calls, which is s × z of the zone's own calls:
 *
 *     min(1, s × z) of the calls stay near, the rest goes to the other zones.
 *
 * Example: 1 of 10 equal instances is near, the list names 2 zones: 20 % stay near.
 * Source: Envoy, "Zone aware routing" (architecture overview, upstream clusters). Envoy
 * counts instances, and knows how many callers each zone has. Here weights count.
 */
#ifndef BALANCE_ZONES_H
#define BALANCE_ZONES_H

#include "balance/peer_list.h"

struct zones {
    const char *caller; /* the caller's zone, borrowed; "" for none: then all instances are near */
    size_t count;       /* how many zones the list names */
    int64_t near_weight, weight;  /* of the instances in the caller's zone, and of all that may be picked */
    int64_t near_gain, far_gain;  /* near_gain of near_gain + far_gain calls stay near */
    uint64_t begin;               /* where the turns begin: 0 to 2^64 - 1 for the whole round */
    int64_t near_current;         /* the two sides take turns as the classes in weighted.h do */
};

/* caller: its SERVICE_ID. Its hash is the place where the turns begin, so that callers that
 * start together do not all call a lone near instance at once; "": in the middle.
 * zone: borrowed, as zones.caller. */
void zones_init(struct zones *zones, const char *caller, const char *zone);

/* Call it for each new list. scratch: room for all its peers. */
void zones_count(struct zones *zones, const struct peer_list *peers, struct balancer_peer **scratch);
/* Moves the peers in other zones from `near` to `far`, and computes the part that stays
 * near. If no peer is in the caller's zone, all stay in `near`. Allocates nothing. */
void zones_separate(struct zones *zones, struct peer_set *near, struct peer_set *far);

/* True: the next call stays near. key: NULL: the two sides take turns; otherwise the key
 * decides, so that the same key always goes to the same side. Changes nothing. */
bool zones_next_is_near(const struct zones *zones, const char *key);
/* The next call went to that side. */
void zones_advance(struct zones *zones, bool near);

#endif
