/* balancer: picks the instance for the next call. No I/O, no clock; a pick allocates nothing.
 *
 * When the list or an ejection changes, eligible.h decides which instances may be picked.
 * A pick then returns the first of these that exists:
 *   1. an instance on probation, if this is the first attempt of a call and no other call
 *      to the instance is under way;
 *   2. a listed instance, if this call has failed at one that the registry no longer names;
 *   3. an instance in the caller's zone (`near`) or in another one (`far`), as zones.h
 *      decides; the policy chooses it. If this call has tried all of the one side, it is an
 *      instance of the other. A first attempt may pass the turn of an instance in slow start on
 *      (slow_start.h);
 *   4. an instance that is ejected or on probation: only for a retry that has tried all
 *      others. It may have recovered, and without it the call would fail now. (Finagle's
 *      balancers also use nodes that they consider dead if no other is left.)
 *
 * With a route, some instances are never picked (route.h). In a canary release each side has a balancer of its
 * own (sides.h).
 *
 * Each policy has a file of its own (policy.h). Only `weighted` and
 * `least_request` use weights.
 */
#ifndef BALANCE_BALANCER_H
#define BALANCE_BALANCER_H

#include "balance/obstacle.h"
#include "balance/peer.h"

/* The values of LB_POLICY, in the order of the enum: the setting is an index into both. */
#define BALANCE_POLICY_NAMES "random|round_robin|weighted|consistent_hash|least_request"

enum balance_policy {
    BALANCE_RANDOM,
    BALANCE_ROUND_ROBIN,
    BALANCE_WEIGHTED,        /* smooth weighted round robin */
    BALANCE_CONSISTENT_HASH, /* the same key goes to the same instance */
    BALANCE_LEAST_REQUEST,   /* of two random instances, the one with fewer calls in flight */
};

struct balancer;

struct balancer_config {
    enum balance_policy policy;
    const char *caller; /* its SERVICE_ID: ties are broken in an order of its own (peer_turn) */
    const char *zone;   /* of the caller; "" for none */
    int64_t slow_start_ms; /* LB_SLOW_START; 0: off */
    const struct route *route; /* which instances are called; NULL: all. Borrowed */
    enum route_side side;      /* of these, only the instances of this side */
};

/* The texts of the config are copied. NULL: out of memory. */
struct balancer *balancer_new(const struct balancer_config *config);
void balancer_free(struct balancer *balancer); /* NULL is allowed; peers that a call holds stay until released */

/* Changes the policy; peers keep their ejections and counts, and the new policy begins its turns anew. 0, or -1: out of
 * memory, and nothing has changed. */
int balancer_set_policy(struct balancer *balancer, enum balance_policy policy, int64_t now_ms);

/* Takes over a new list, after instance_list_finish(), and a reference to it. An instance
 * whose id was in the old list keeps its state. missing: one value for each entry; NULL:
 * none is missing. 0, or -1: out of memory, and nothing has changed. */
int balancer_update(struct balancer *balancer, struct instance_list *list, const bool *missing, int64_t now_ms);

/* Call it when the route has changed. */
void balancer_reroute(struct balancer *balancer, int64_t now_ms);

/* The instance for the next call, held until released; NULL: there is none. */
struct balancer_peer *balancer_pick(struct balancer *balancer, const struct balance_request *request, int64_t now_ms);
/* The instance that balancer_pick would return, found by the same code. Takes no turn; those that slow start passes on
 * are the same for both. */
const struct balancer_peer *balancer_peek(struct balancer *balancer, const struct balance_request *request,
                                          int64_t now_ms);
/* The instance that the policy compares with `next`, which balancer_peek has returned for this
 * request; NULL: none. */
const struct balancer_peer *balancer_compared(const struct balancer *balancer, const struct balance_request *request,
                                              const struct balancer_peer *next);
/* Ends the ejections whose time has passed. balancer_pick and balancer_peek call it first. */
void balancer_settle(struct balancer *balancer, int64_t now_ms);
/* The result of the call to a picked instance. */
void balancer_report(struct balancer *balancer, struct balancer_peer *peer, bool success, int64_t now_ms);
/* A backup request replied before the picked instance, although it was sent later (outlier.h). */
void balancer_note_overtaken(struct balancer *balancer, struct balancer_peer *peer, int64_t now_ms);
void balancer_release(struct balancer_peer *peer);
/* If the instance has left the list and come back, it has a new peer with the same id.
 * Then this returns the new one, held, and releases `peer`; otherwise it returns `peer`. */
struct balancer_peer *balancer_follow(struct balancer *balancer, struct balancer_peer *peer);

/* All peers, in bytewise order of id, whether or not they may be picked. */
size_t balancer_count(const struct balancer *balancer);
const struct balancer_peer *balancer_at(const struct balancer *balancer, size_t i);
/* Why a first attempt with this key cannot pick this one now. */
struct obstacle balancer_why_not(const struct balancer *balancer, const struct balancer_peer *peer, const char *key,
                                 int64_t now_ms);
/* The best tier of health that has an instance (eligible.h): the smaller, the better. */
int balancer_best_tier(const struct balancer *balancer);
bool balancer_works(const struct balancer *balancer); /* not all instances in use are failing (outlier.h) */
/* Its share in thousandths of the full one: less than SLOW_START_WHOLE in its slow start. */
int balancer_share(const struct balancer *balancer, const struct balancer_peer *peer, int64_t now_ms);
bool balancer_in_panic(const struct balancer *balancer); /* fail open is on */
uint64_t balancer_ejections(const struct balancer *balancer); /* so far */
uint64_t balancer_ejections_for_rate(const struct balancer *balancer); /* of these, for the failure rate */

#endif
