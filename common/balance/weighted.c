/* weighted: smooth weighted round robin, as nginx does it.
 *
 * In each turn every instance gains its weight. The instance that then has the most is
 * picked, and pays the sum of all gains. Weights 5:1:1 give A A B A C A A, not
 * A A A A A B C.
 *
 * In nginx a turn visits every instance. Here instances of equal weight form one class
 * (weighted_classes.h), which gains the sum of their weights; the members of a class are
 * picked in rotation. So a turn visits each class once, and a fleet rarely has more than
 * a dozen different weights, even with ten thousand instances. Each instance still gets
 * its exact share.
 */
#include <stdint.h>
#include <stdlib.h>

#include "balance/policy.h"
#include "balance/weighted_classes.h"

struct weighted {
    struct policy policy;
    struct weighted_classes classes;
};

/* --- A turn: choose, then advance ---------------------------------------------------- */

/* As in nginx, what a call has tried gains nothing. If it did, each retry would put it further ahead of the one that is
 * picked, and once it is healthy again it would get all calls until that is paid. */
static int64_t gain_of(const struct weighted_classes *classes, size_t i, const struct peer_set *set,
                       const struct balance_request *request)
{
    const struct weight_class *class = &classes->at[i];
    return request->tried_count == 0
               ? class->gain
               : (int64_t)class->weight * (int64_t)weight_class_untried(classes, i, set, request);
}

/* If two classes have the same, the heavier one is picked: so 3:1 gives A A B A. Changes
 * nothing: weighted_advance() takes the turn. */
static struct balancer_peer *weighted_choose(const struct policy *policy, const struct peer_set *set,
                                             const struct balance_request *request)
{
    const struct weighted_classes *classes = &((const struct weighted *)policy)->classes;
    const struct weight_class *best = NULL;
    int64_t most = INT64_MIN;
    for (size_t i = 0; i < classes->count; i++) {
        int64_t gain = gain_of(classes, i, set, request);
        if (gain == 0 || classes->at[i].current + gain < most)
            continue;
        best = &classes->at[i];
        most = best->current + gain;
    }
    if (!best)
        return NULL;
    struct balancer_peer **members = classes->members + best->begin;
    size_t seat = best->next;
    while (request_tried(request, members[seat]))
        seat = seat + 1 < best->count ? seat + 1 : 0;
    return members[seat];
}

/* All classes gain, the picked one pays, and its next member is due. */
static void weighted_advance(struct policy *policy, const struct peer_set *set, const struct balance_request *request,
                             const struct balancer_peer *picked)
{
    struct weighted_classes *classes = &((struct weighted *)policy)->classes;
    int64_t gains = 0;
    for (size_t i = 0; i < classes->count; i++) {
        int64_t gain = gain_of(classes, i, set, request);
        classes->at[i].current += gain;
        gains += gain;
    }
    struct weight_class *class = &classes->at[picked->class];
    class->current -= gains;
    class->next = picked->seat + 1 < class->count ? picked->seat + 1 : 0;
}

/* --- The rest of the interface ------------------------------------------------------- */

static int weighted_reserve(struct policy *policy, size_t count)
{
    return weighted_classes_reserve(&((struct weighted *)policy)->classes, count);
}

static void weighted_rebuild(struct policy *policy, const struct peer_set *set)
{
    weighted_classes_rebuild(&((struct weighted *)policy)->classes, set);
}

static void weighted_free(struct policy *policy)
{
    weighted_classes_close(&((struct weighted *)policy)->classes);
    free(policy);
}

static const struct policy_ops ops = {
    .reserve = weighted_reserve,
    .rebuild = weighted_rebuild,
    .choose = weighted_choose,
    .advance = weighted_advance,
    .free = weighted_free,
};

struct policy *policy_weighted_new(void)
{
    struct weighted *weighted = calloc(1, sizeof *weighted);
    if (!weighted)
        return NULL;
    weighted->policy.ops = &ops;
    return &weighted->policy;
}
