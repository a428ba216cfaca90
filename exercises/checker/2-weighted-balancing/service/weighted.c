/* The learner's weighted_pick() as a policy of the real order-service. It is linked
 * instead of common/balance/weighted.c.
 *
 * A real policy chooses and advances in two steps, so that the service can show the
 * next choice without changing anything. weighted_pick() does both at once. So it is
 * called in advance, and its result is kept here until it is used. The learner gets the
 * peers in order of id, so that the same list always gives the same picks. */
#include <stdlib.h>
#include <string.h>

#include "2-weighted-balancing/given.h"
#include "balance/policy.h"

enum { NOT_DRAWN = -2 };

struct learners {
    struct policy policy;
    struct peer *peers, *former;
    struct balancer_peer **by_id; /* of the same instances */
    size_t count;
    int next; /* drawn in advance, or NOT_DRAWN */
};

static int learners_reserve(struct policy *policy, size_t count)
{
    struct learners *learners = (struct learners *)policy;
    return array_reserve(learners->peers, count) || array_reserve(learners->former, count) ||
                   array_reserve(learners->by_id, count)
               ? -1
               : 0;
}

static int by_id(const void *left, const void *right)
{
    const struct balancer_peer *a = *(struct balancer_peer *const *)left, *b = *(struct balancer_peer *const *)right;
    return instance_order(a->instance, b->instance);
}

/* Keeps `current` by id. */
static void learners_rebuild(struct policy *policy, const struct peer_set *set)
{
    struct learners *learners = (struct learners *)policy;
    struct peer *former = learners->peers;
    size_t former_count = learners->count;
    learners->peers = learners->former;
    learners->former = former;
    learners->count = set->count;
    learners->next = NOT_DRAWN;
    if (set->count > 0) {
        memcpy(learners->by_id, set->at, set->count * sizeof *set->at);
        qsort(learners->by_id, set->count, sizeof *set->at, by_id);
    }
    for (size_t i = 0; i < set->count; i++) {
        const struct balancer_peer *peer = learners->by_id[i];
        learners->peers[i] = (struct peer){.id = peer->instance->id, .weight = peer_weight(peer)};
        for (size_t j = 0; j < former_count; j++)
            if (strcmp(former[j].id, learners->peers[i].id) == 0)
                learners->peers[i].current = former[j].current;
    }
}

static struct balancer_peer *learners_choose(const struct policy *policy, const struct peer_set *set,
                                             const struct balance_request *request)
{
    struct learners *learners = (struct learners *)policy;
    if (learners->next == NOT_DRAWN)
        learners->next = weighted_pick(learners->peers, (int)learners->count);
    if (learners->next < 0 || (size_t)learners->next >= set->count)
        return NULL;
    struct balancer_peer *drawn = learners->by_id[learners->next];
    return request_tried(request, drawn) ? peer_set_draw(set, request) : drawn;
}

static void learners_advance(struct policy *policy, const struct peer_set *set, const struct balance_request *request,
                             const struct balancer_peer *picked)
{
    (void)set, (void)request, (void)picked;
    ((struct learners *)policy)->next = NOT_DRAWN;
}

static void learners_free(struct policy *policy)
{
    struct learners *learners = (struct learners *)policy;
    free(learners->peers);
    free(learners->former);
    free(learners->by_id);
    free(learners);
}

static const struct policy_ops ops = {
    .reserve = learners_reserve,
    .rebuild = learners_rebuild,
    .choose = learners_choose,
    .advance = learners_advance,
    .free = learners_free,
};

struct policy *policy_weighted_new(void)
{
    struct learners *learners = calloc(1, sizeof *learners);
    if (!learners)
        return NULL;
    learners->policy.ops = &ops;
    learners->next = NOT_DRAWN;
    return &learners->policy;
}
