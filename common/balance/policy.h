/* policy: what the four ways of choosing have in common. Private to this layer.
 *
 * To choose and to move on are two steps: `choose` changes nothing, so that the
 * same function picks and explains, and `advance` is told what was picked. Memory
 * is taken in `reserve` only, where a new list comes.
 */
#ifndef BALANCE_POLICY_H
#define BALANCE_POLICY_H

#include <stdlib.h>

#include "balance/balancer.h"

#define PEER_NO_SLOT SIZE_MAX

/* Peers in bytewise order of id; each one's slot is its place here. */
struct peer_set {
    struct balancer_peer **at;
    size_t count;
    uint64_t draw; /* the next random choice is made by this. Drawn ahead, so that it can be told
                    * (explain): whatever else draws random numbers meanwhile does not change it */
};

static inline bool peer_set_has(const struct peer_set *set, const struct balancer_peer *peer)
{
    return peer->slot < set->count && set->at[peer->slot] == peer;
}

/* Is no call to it under way? */
static inline bool peer_is_free(const struct balancer_peer *peer)
{
    return peer->listed && peer->holders == 1;
}

/* How many of the set were not tried. */
size_t peer_set_untried(const struct peer_set *set, const struct balance_request *request);

/* The first member of each policy's own struct. */
struct policy {
    const struct policy_ops *ops;
};

struct policy_ops {
    /* Room for so many peers. 0, or -1: out of memory. */
    int (*reserve)(struct policy *policy, size_t count);
    /* The set has changed. What the policy remembers of peers is carried over by
     * id: peers that left still exist now, for the last time. */
    void (*rebuild)(struct policy *policy, const struct peer_set *set);
    /* One that was not tried; there is one. */
    struct balancer_peer *(*choose)(const struct policy *policy, const struct peer_set *set,
                                    const struct balance_request *request);
    void (*advance)(struct policy *policy, const struct peer_set *set, const struct balancer_peer *picked);
    void (*free)(struct policy *policy);
};

/* NULL: out of memory. */
struct policy *policy_random_new(void);
struct policy *policy_round_robin_new(void);
struct policy *policy_weighted_new(void);
struct policy *policy_consistent_hash_new(void);

/* Evenly one of those in the set that were not tried, by the set's draw. There must be one. */
struct balancer_peer *peer_set_draw(const struct peer_set *set, const struct balance_request *request);
/* The first at or behind `id`, 0 where there is none: from where to go on when the one that was next has left. */
size_t peer_set_from(struct balancer_peer *const *at, size_t count, const char *id);

static inline bool request_tried(const struct balance_request *request, const struct balancer_peer *peer)
{
    for (size_t i = 0; i < request->tried_count; i++)
        if (request->tried[i] == peer)
            return true;
    return false;
}

/* Room for so many entries in the array that this pointer holds; what is there
 * stays. 0, or -1: out of memory, and all is as before. */
#define array_reserve(array, count)                                          \
    ({                                                                       \
        void *resized_ = realloc(array, ((count) + 1) * sizeof *(array));    \
        if (resized_)                                                        \
            (array) = resized_;                                              \
        resized_ ? 0 : -1;                                                   \
    })

/* While passing, in warning, or in fail open: what the peer weighs now. */
int peer_weight(const struct balancer_peer *peer);

#endif
