/* peer: an instance as the balancer sees it, and sets of such peers.
 *
 * A peer holds what the registry says about one instance, and what the calls to it
 * have shown: failures and ejection. A call that holds a peer may go on after the
 * instance has left the list.
 */
#ifndef BALANCE_PEER_H
#define BALANCE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "balance/failure_rate.h"
#include "balance/outlier.h"
#include "balance/route.h"
#include "balance/slow_start.h"
#include "registry/instance_list.h"

/* Read only outside this folder. What each pick touches comes first: of ten thousand peers, few are in a cache. */
struct balancer_peer {
    const struct instance *instance;
    struct instance_list *list; /* keeps `instance` alive; a caller that waits takes a reference */
    uint64_t picks;
    /* private */
    uint32_t holders;     /* calls under way, and the balancer while the peer is listed */
    uint32_t slot;        /* its index in `near`, `far` or `out` (eligible.h); PEER_NO_SLOT: in none */
    uint32_t class, seat; /* used by the policy `weighted` */
    struct failure_tally tally; /* its calls in the current interval (failure_rate.h) */
    bool listed;    /* in the balancer's list */
    bool missing;   /* the registry no longer names it, but discovery still keeps it */
    bool off_route; /* its balancer never picks it: another version, or the other side of a canary release */
    struct outlier outlier;
    struct slow_start slow_start;
    enum route_side side; /* of its balancer */
    uint64_t turn;        /* its place in the caller's own order (peer_order) */
};

#define PEER_NO_SLOT UINT32_MAX

/* Text and array are borrowed during the call. */
struct balance_request {
    const char *key;                      /* for consistent_hash; never NULL */
    struct balancer_peer *const *tried;   /* already tried by this call, still held; not picked again */
    size_t tried_count;                   /* at most BALANCE_TRIED_MAX */
    bool prefer_listed; /* an attempt at a missing instance has failed: the others that are missing may be gone as well */
};

enum { BALANCE_TRIED_MAX = 16 };

static inline bool request_tried(const struct balance_request *request, const struct balancer_peer *peer)
{
    for (size_t i = 0; i < request->tried_count; i++)
        if (request->tried[i] == peer)
            return true;
    return false;
}

/* The calls in flight. A call that has gone on to another instance counts until its end. */
static inline size_t peer_calls(const struct balancer_peer *peer)
{
    return peer->holders - peer->listed;
}

/* No call to it is under way. */
static inline bool peer_is_free(const struct balancer_peer *peer)
{
    return peer->listed && peer_calls(peer) == 0;
}

/* The place of an id in the order of one caller: a hash of both, so callers that start together do not call the
 * same instance first (as in Envoy, pull request 3271). caller: its SERVICE_ID; "": in order of id. */
uint64_t peer_turn(const char *caller, const char *id);
/* <0, 0 or >0: the caller's own order: by turn, then by id and node. */
int peer_order(const struct balancer_peer *a, const struct balancer_peer *b);

/* The weight that counts now: the warning weight while in warning. At least 1. */
int peer_weight(const struct balancer_peer *peer);

/* Held once, for the balancer. NULL: out of memory. */
struct balancer_peer *peer_new(void);
/* Frees the peer when its last holder releases it. */
void peer_release(struct balancer_peer *peer);

/* Peers in the caller's own order (peer_order); the slot of each is its index here. */
struct peer_set {
    struct balancer_peer **at;
    size_t count;
    uint64_t draw; /* the random number that peer_set_draw uses next. It is drawn in advance, so that
                    * `explain` shows the next pick even if other code draws random numbers meanwhile */
};

static inline bool peer_set_has(const struct peer_set *set, const struct balancer_peer *peer)
{
    return peer->slot < set->count && set->at[peer->slot] == peer;
}

/* True: tried[i] is in the set. An id that was tried at two nodes is one peer when the next list has it only once: it
 * counts once. */
bool request_tried_in(const struct balance_request *request, size_t i, const struct peer_set *set);
/* How many peers of the set this call has not tried. */
size_t peer_set_untried(const struct peer_set *set, const struct balance_request *request);
/* Fills in the slots of the peers of the set that were tried, ascending. Returns their number. */
size_t peer_set_tried(const struct peer_set *set, const struct balance_request *request,
                      size_t slots[BALANCE_TRIED_MAX]);
/* Adds a slot to ascending ones; there must be room for it. */
void slots_add(size_t *slots, size_t *count, size_t slot);
/* A random peer that this call has not tried; each has the same chance. There must be one. Changes nothing. */
struct balancer_peer *peer_set_draw(const struct peer_set *set, const struct balance_request *request);
/* The index of the first peer that is not before this one in the caller's own order; 0 if there is none.
 * If the next peer of a rotation has left, the rotation continues at this index. */
size_t peers_find_from(struct balancer_peer *const *at, size_t count, const struct balancer_peer *peer);

/* Grows the array to hold at least `count` entries and keeps its contents.
 * 0, or -1: out of memory, and nothing has changed. */
#define array_reserve(array, count)                                          \
    ({                                                                       \
        void *resized_ = realloc(array, ((count) + 1) * sizeof *(array));    \
        if (resized_)                                                        \
            (array) = resized_;                                              \
        resized_ ? 0 : -1;                                                   \
    })

#endif
