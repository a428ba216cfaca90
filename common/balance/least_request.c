/* least_request: of two random instances, the one with fewer calls in flight. A slow
 * instance keeps its calls longer, so it has more of them and gets fewer new ones, long
 * before it fails. Two draws are enough (Mitzenmacher, "The power of two choices in
 * randomized load balancing", 2001): to look for the least of all would cost a scan, and
 * callers that know the same would all run to the same instance.
 *
 * Weights: an instance is drawn with a chance that is its share of the weights (as in
 * nginx's `random two least_conn`). The second one drawn is chosen only if with one more
 * call it has no more calls for its weight than the first one has now. So idle instances
 * get exactly their share, because then the first draw decides; with equal weights it is
 * the plain rule. Envoy's LEAST_REQUEST looks at two only where all weights are equal.
 */
#include <stdlib.h>

#include "balance/policy.h"
#include "base/hash.h"
#include "base/rand.h"

struct least_request {
    struct policy policy;
    uint64_t *ends; /* [slot]: the sum of the weights up to this one, itself included */
    const struct balancer_peer *skipped; /* an idle instance in slow start would win each comparison again */
};

/* --- Draw ---------------------------------------------------------------------------- */

static uint64_t begin_of(const struct least_request *least, size_t slot)
{
    return slot > 0 ? least->ends[slot - 1] : 0;
}

static size_t slot_at(const struct least_request *least, size_t count, uint64_t place)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (least->ends[middle] <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A random peer in none of the slots `without` (ascending). */
static struct balancer_peer *draw(const struct least_request *least, const struct peer_set *set, uint64_t random,
                                  const size_t *without, size_t count)
{
    uint64_t weight = least->ends[set->count - 1];
    for (size_t i = 0; i < count; i++)
        weight -= least->ends[without[i]] - begin_of(least, without[i]);
    uint64_t place = rand_scale(random, weight);
    for (size_t i = 0; i < count && begin_of(least, without[i]) <= place; i++)
        place += least->ends[without[i]] - begin_of(least, without[i]);
    return set->at[slot_at(least, set->count, place)];
}

/* --- Choose -------------------------------------------------------------------------- */

struct pair {
    struct balancer_peer *chosen, *other; /* other: NULL if only one was left to draw */
};

/* (calls + 1) / weight of the second <= calls / weight of the first, without the divisions. */
static bool takes_second(const struct balancer_peer *first, const struct balancer_peer *second)
{
    return (uint64_t)(peer_calls(second) + 1) * (uint64_t)peer_weight(first) <=
           (uint64_t)peer_calls(first) * (uint64_t)peer_weight(second);
}

static struct pair choose_of_two(const struct policy *policy, const struct peer_set *set,
                                 const struct balance_request *request)
{
    const struct least_request *least = (const struct least_request *)policy;
    size_t without[BALANCE_TRIED_MAX + 2];
    size_t count = peer_set_tried(set, request, without);
    if (least->skipped && count + 1 < set->count && !request_tried(request, least->skipped))
        slots_add(without, &count, least->skipped->slot);
    struct balancer_peer *first = draw(least, set, set->draw, without, count);
    if (count + 1 == set->count)
        return (struct pair){first, NULL};
    slots_add(without, &count, first->slot);
    struct balancer_peer *second = draw(least, set, hash_mix(set->draw), without, count);
    return takes_second(first, second) ? (struct pair){second, first} : (struct pair){first, second};
}

static struct balancer_peer *least_request_choose(const struct policy *policy, const struct peer_set *set,
                                                  const struct balance_request *request)
{
    return choose_of_two(policy, set, request).chosen;
}

static struct balancer_peer *least_request_other(const struct policy *policy, const struct peer_set *set,
                                                 const struct balance_request *request)
{
    return choose_of_two(policy, set, request).other;
}

/* --- The rest of the interface ------------------------------------------------------- */

static int least_request_reserve(struct policy *policy, size_t count)
{
    struct least_request *least = (struct least_request *)policy;
    return array_reserve(least->ends, count);
}

static void least_request_rebuild(struct policy *policy, const struct peer_set *set)
{
    struct least_request *least = (struct least_request *)policy;
    uint64_t end = 0;
    for (size_t i = 0; i < set->count; i++)
        least->ends[i] = end += (uint64_t)peer_weight(set->at[i]);
    least->skipped = NULL; /* it may have left */
}

static void least_request_skip(struct policy *policy, const struct balancer_peer *peer)
{
    ((struct least_request *)policy)->skipped = peer;
}

/* The balancer draws the next random number of the set. */
static void least_request_advance(struct policy *policy, const struct peer_set *set,
                                  const struct balance_request *request, const struct balancer_peer *picked)
{
    (void)set, (void)request, (void)picked;
    ((struct least_request *)policy)->skipped = NULL;
}

static void least_request_free(struct policy *policy)
{
    free(((struct least_request *)policy)->ends);
    free(policy);
}

static const struct policy_ops ops = {
    .reserve = least_request_reserve,
    .rebuild = least_request_rebuild,
    .choose = least_request_choose,
    .other = least_request_other,
    .skip = least_request_skip,
    .advance = least_request_advance,
    .free = least_request_free,
};

struct policy *policy_least_request_new(void)
{
    struct least_request *least = calloc(1, sizeof *least);
    if (!least)
        return NULL;
    least->policy.ops = &ops;
    return &least->policy;
}
