/* round_robin: one instance after the other, in the caller's own order (peer_order). If the instance whose turn
 * it is leaves the list, the next one follows. The common mistake is to keep only an
 * index: in a new list it points to another instance, or past the end. */
#include <stdlib.h>

#include "balance/policy.h"

struct round_robin {
    struct policy policy;
    size_t next;                     /* slot */
    struct balancer_peer *next_peer; /* the peer in that slot; NULL: the set is empty */
};

static int round_robin_reserve(struct policy *policy, size_t count)
{
    (void)policy, (void)count;
    return 0;
}

static void move_to(struct round_robin *robin, const struct peer_set *set, size_t slot)
{
    robin->next = slot < set->count ? slot : 0;
    robin->next_peer = set->count ? set->at[robin->next] : NULL;
}

static void round_robin_rebuild(struct policy *policy, const struct peer_set *set)
{
    struct round_robin *robin = (struct round_robin *)policy;
    move_to(robin, set, robin->next_peer ? peers_find_from(set->at, set->count, robin->next_peer) : 0);
}

static struct balancer_peer *round_robin_choose(const struct policy *policy, const struct peer_set *set,
                                                const struct balance_request *request)
{
    size_t slot = ((const struct round_robin *)policy)->next;
    while (request_tried(request, set->at[slot]))
        slot = slot + 1 < set->count ? slot + 1 : 0;
    return set->at[slot];
}

static void round_robin_advance(struct policy *policy, const struct peer_set *set, const struct balance_request *request,
                                const struct balancer_peer *picked)
{
    (void)request;
    move_to((struct round_robin *)policy, set, picked->slot + 1);
}

static void round_robin_free(struct policy *policy)
{
    free(policy);
}

static const struct policy_ops ops = {
    .reserve = round_robin_reserve,
    .rebuild = round_robin_rebuild,
    .choose = round_robin_choose,
    .advance = round_robin_advance,
    .free = round_robin_free,
};

struct policy *policy_round_robin_new(void)
{
    struct round_robin *robin = calloc(1, sizeof *robin);
    if (!robin)
        return NULL;
    robin->policy.ops = &ops;
    return &robin->policy;
}
