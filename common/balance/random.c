/* random: any of them, evenly. What the others are measured against: it needs no
 * state, and callers that know nothing of each other do not fall into step. */
#include <stdlib.h>

#include "balance/policy.h"
#include "base/rand.h"

/* The places of those that were tried, ascending. */
static size_t tried_slots(const struct peer_set *set, const struct balance_request *request,
                          size_t slots[BALANCE_TRIED_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < request->tried_count; i++) {
        if (!peer_set_has(set, request->tried[i]))
            continue;
        size_t slot = request->tried[i]->slot, at = count++;
        for (; at > 0 && slots[at - 1] > slot; at--)
            slots[at] = slots[at - 1];
        slots[at] = slot;
    }
    return count;
}

struct balancer_peer *peer_set_draw(const struct peer_set *set, const struct balance_request *request)
{
    size_t slots[BALANCE_TRIED_MAX];
    size_t tried = tried_slots(set, request, slots);
    size_t drawn = rand_scale(set->draw, set->count - tried);
    /* Counts over the tried ones, so that no neighbour of theirs gets their share. */
    for (size_t i = 0; i < tried && slots[i] <= drawn; i++)
        drawn++;
    return set->at[drawn];
}

static int random_reserve(struct policy *policy, size_t count)
{
    (void)policy, (void)count;
    return 0;
}

static void random_rebuild(struct policy *policy, const struct peer_set *set)
{
    (void)policy, (void)set;
}

static struct balancer_peer *random_choose(const struct policy *policy, const struct peer_set *set,
                                           const struct balance_request *request)
{
    (void)policy;
    return peer_set_draw(set, request);
}

static void random_advance(struct policy *policy, const struct peer_set *set, const struct balancer_peer *picked)
{
    (void)policy, (void)set, (void)picked;
}

static void random_free(struct policy *policy)
{
    free(policy);
}

static const struct policy_ops ops = {
    .reserve = random_reserve,
    .rebuild = random_rebuild,
    .choose = random_choose,
    .advance = random_advance,
    .free = random_free,
};

struct policy *policy_random_new(void)
{
    struct policy *policy = calloc(1, sizeof *policy);
    if (policy)
        policy->ops = &ops;
    return policy;
}
