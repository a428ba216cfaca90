/* random: each instance has the same chance. It needs no state, and callers that start
 * together do not all call the same instance. The other policies are compared with it. */
#include <stdlib.h>

#include "balance/policy.h"

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

static void random_advance(struct policy *policy, const struct peer_set *set, const struct balance_request *request,
                           const struct balancer_peer *picked)
{
    (void)policy, (void)set, (void)request, (void)picked;
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
