/* balancer: whom to call next. Pure logic: no I/O, no clock, no allocation in a pick.
 *
 * It holds one peer for each instance: what the registry says of it, and what
 * calling it has shown (failures, ejection). A new list keeps the state of those
 * that stay, by id. Who can be picked is worked out when something happens (a
 * new list, an ejection, its end), never in a pick: that costs the same with
 * three instances and with ten thousand.
 *
 * Who can be picked:
 *   1. passing and warning ones (the latter unless their warning weight is 0);
 *   2. where there is none, the critical ones, as if healthy: what turns all
 *      critical at once is mostly something that all share, and they may answer
 *      still (fail open; Envoy calls it panic mode);
 *   3. where there is none either, those whose node is said to be down.
 * Never one in maintenance. Of these, at most half are out: ejected for failing,
 * or back on probation, where a call now and then finds out whether they are well
 * again (outlier.h). Of the rest, those in the caller's zone, unless fewer than
 * half of that zone are left. A call that has failed at all of these goes to the
 * other zones, and last to one that is out: an attempt is there to be spent, and
 * nobody else is left to show whether that one is well again. (Finagle's balancers
 * go on to nodes that they hold for dead where no other is left, too.)
 *
 * The policies: one idea and one file each. Only `weighted` looks at weights.
 */
#ifndef BALANCE_BALANCER_H
#define BALANCE_BALANCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "balance/outlier.h"
#include "registry/instance.h"

/* The names that LB_POLICY accepts, in the order of the enum below: the setting is
 * an index into both. A new policy is added at the end of both. */
#define BALANCE_POLICY_NAMES "random|round_robin|weighted|consistent_hash"

enum balance_policy {
    BALANCE_RANDOM,
    BALANCE_ROUND_ROBIN,
    BALANCE_WEIGHTED,        /* smooth weighted round robin */
    BALANCE_CONSISTENT_HASH, /* the same key goes to the same instance */
};

/* Read only, for all but the balancer. */
struct balancer_peer {
    const struct instance *instance;
    struct instance_list *list; /* keeps `instance` alive: to be held by who waits with it */
    bool missing; /* gone from the registry's answer, not yet believed to be gone */
    uint64_t picks;
    struct outlier outlier;
    /* private */
    size_t holders;             /* calls under way, and the balancer while it is listed */
    bool listed;
    size_t slot;        /* place in `near`, `far` or `out` (eligible.h); PEER_NO_SLOT: in none */
    size_t class, seat; /* weighted's */
};

/* Text and array are borrowed during the call. */
struct balance_request {
    const char *key;                      /* for consistent_hash; never NULL */
    struct balancer_peer *const *tried;   /* not to be picked again; all still held */
    size_t tried_count;                   /* at most BALANCE_TRIED_MAX */
};

enum { BALANCE_TRIED_MAX = 16 };

struct balancer;

/* zone: the caller's, "" for none; copied. NULL: out of memory. */
struct balancer *balancer_new(enum balance_policy policy, const char *zone);
void balancer_free(struct balancer *balancer); /* NULL is allowed; peers held stay until released */

/* The list as it is known now (finished; referenced). missing: one for each
 * entry, or NULL for none. 0, or -1: out of memory, and all is as before. */
int balancer_update(struct balancer *balancer, struct instance_list *list, const bool *missing);

/* Readmits those whose ejection has ended by now; the two below begin with it. */
void balancer_settle(struct balancer *balancer, int64_t now_ms);
/* The next one to call, held until released; NULL: there is none. */
struct balancer_peer *balancer_pick(struct balancer *balancer, const struct balance_request *request, int64_t now_ms);
/* Which one balancer_pick would give, by the same code; changes nothing. */
const struct balancer_peer *balancer_peek(struct balancer *balancer, const struct balance_request *request,
                                          int64_t now_ms);
/* What the call to a picked one showed. */
void balancer_report(struct balancer *balancer, struct balancer_peer *peer, bool success, int64_t now_ms);
void balancer_release(struct balancer_peer *peer);
/* An instance that left the list and came back is another peer with the same id.
 * That one, held in place of this one, which is released; or this one as it was. */
struct balancer_peer *balancer_follow(struct balancer *balancer, struct balancer_peer *peer);

/* All peers, in bytewise order of id; also those that cannot be picked. */
size_t balancer_count(const struct balancer *balancer);
const struct balancer_peer *balancer_at(const struct balancer *balancer, size_t i);
/* Why this one cannot be picked now. Plain data, good for words also when the
 * balancer has moved on. */
struct balancer_obstacle {
    enum { OBSTACLE_NONE, OBSTACLE_STATE, OBSTACLE_EJECTION, OBSTACLE_PROBATION, OBSTACLE_ZONE } kind;
    int64_t left_ms; /* of an ejection */
};
struct balancer_obstacle balancer_why_not(const struct balancer *balancer, const struct balancer_peer *peer,
                                          int64_t now_ms);
/* In words, written to out, unless it is OBSTACLE_NONE; of the instance that the peer had then. */
void balancer_obstacle_text(const struct balancer *balancer, struct balancer_obstacle obstacle,
                            const struct instance *instance, char *out, size_t size);

bool balancer_in_panic(const struct balancer *balancer); /* fail open is on */
uint64_t balancer_ejections(const struct balancer *balancer); /* so far */

#endif
