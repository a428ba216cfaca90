/* weighted: smooth weighted round robin, exact at any size.
 *
 * nginx's algorithm: in each turn everyone gains its own weight; who has most is
 * picked and pays what all gained together. Weights 5:1:1 give A A B A C A A, not
 * A A A A A B C. As written there, a turn looks at everyone. Here those of equal
 * weight are one class, which takes part in the turns with the sum of their
 * weights and, when picked, serves its members in rotation. So a turn costs as
 * much as there are different weights (a fleet has a few, rarely more than a
 * dozen), at ten thousand instances too, and each still gets its exact share.
 */
#include <stdlib.h>
#include <string.h>

#include "balance/policy.h"

struct weight_class {
    int64_t current;   /* gained and not yet paid */
    int64_t gain;      /* in each turn: its weight × its members */
    size_t first_slot; /* of its first member: of two that have the same, the list's order decides */
    int weight;
    size_t begin, count; /* its members, in order of id, within weighted.members */
    size_t next;         /* whose turn it is, 0 … count-1 */
    const char *next_id; /* the same, while a new list is taken over */
};

struct weighted {
    struct policy policy;
    struct weight_class *classes, *former; /* ascending by weight */
    size_t class_count, former_count;
    struct balancer_peer **members;
    int *weights;                /* scratch */
    int64_t total, former_total; /* of all gains */
};

static int weighted_reserve(struct policy *policy, size_t count)
{
    struct weighted *weighted = (struct weighted *)policy;
    if (array_reserve(weighted->classes, count) != 0 ||
        array_reserve(weighted->former, count) != 0 ||
        array_reserve(weighted->members, count) != 0 ||
        array_reserve(weighted->weights, count) != 0)
        return -1;
    return 0;
}

/* --- Classes ----------------------------------------------------------------------- */

static int by_value(const void *left, const void *right)
{
    int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}

/* One class for each weight that occurs. */
static void find_classes(struct weighted *weighted, const struct peer_set *set)
{
    int *weights = weighted->weights;
    for (size_t i = 0; i < set->count; i++)
        weights[i] = peer_weight(set->at[i]);
    if (set->count > 1)
        qsort(weights, set->count, sizeof *weights, by_value);

    weighted->class_count = 0;
    for (size_t i = 0; i < set->count; i++)
        if (i == 0 || weights[i] != weights[i - 1])
            weighted->classes[weighted->class_count++] = (struct weight_class){.weight = weights[i]};
}

static struct weight_class *class_find(struct weight_class *classes, size_t count, int weight)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (classes[middle].weight < weight)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && classes[low].weight == weight ? &classes[low] : NULL;
}

static void count_members(struct weighted *weighted, const struct peer_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        struct weight_class *class = class_find(weighted->classes, weighted->class_count, peer_weight(set->at[i]));
        if (class->count++ == 0)
            class->first_slot = i;
        set->at[i]->class = (size_t)(class - weighted->classes);
    }
    size_t begin = 0;
    weighted->total = 0;
    for (size_t i = 0; i < weighted->class_count; i++) {
        struct weight_class *class = &weighted->classes[i];
        class->begin = begin;
        class->gain = (int64_t)class->weight * (int64_t)class->count;
        begin += class->count;
        weighted->total += class->gain;
        class->count = 0; /* counted again while they take their seats */
    }
}

static void seat_members(struct weighted *weighted, const struct peer_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        struct weight_class *class = &weighted->classes[set->at[i]->class];
        set->at[i]->seat = class->count;
        weighted->members[class->begin + class->count++] = set->at[i];
    }
}

/* What a class had gained stays its own, as a share of the new total: left as it
 * is, a debt from a large list would keep a class of a small one waiting for ever. */
static void carry_over(struct weighted *weighted, struct weight_class *class)
{
    struct weight_class *former = class_find(weighted->former, weighted->former_count, class->weight);
    if (!former)
        return;
    class->current = former->current * weighted->total / weighted->former_total;
    class->next = peer_set_from(weighted->members + class->begin, class->count, former->next_id);
}

static void weighted_rebuild(struct policy *policy, const struct peer_set *set)
{
    struct weighted *weighted = (struct weighted *)policy;
    struct weight_class *spare = weighted->former;
    weighted->former = weighted->classes;
    weighted->former_count = weighted->class_count;
    weighted->former_total = weighted->total;
    weighted->classes = spare;
    for (size_t i = 0; i < weighted->former_count; i++) {
        struct weight_class *class = &weighted->former[i];
        class->next_id = weighted->members[class->begin + class->next]->instance->id;
    }

    find_classes(weighted, set);
    count_members(weighted, set);
    seat_members(weighted, set);
    for (size_t i = 0; i < weighted->class_count; i++)
        carry_over(weighted, &weighted->classes[i]);
}

/* --- Turns ------------------------------------------------------------------------- */

static bool has_untried(const struct weight_class *class, size_t index, const struct peer_set *set,
                        const struct balance_request *request)
{
    size_t tried = 0;
    for (size_t i = 0; i < request->tried_count; i++)
        if (peer_set_has(set, request->tried[i]) && request->tried[i]->class == index)
            tried++;
    return tried < class->count;
}

static bool goes_before(const struct weight_class *a, const struct weight_class *b)
{
    int64_t a_has = a->current + a->gain, b_has = b->current + b->gain;
    return a_has > b_has || (a_has == b_has && a->first_slot < b->first_slot);
}

static struct balancer_peer *weighted_choose(const struct policy *policy, const struct peer_set *set,
                                             const struct balance_request *request)
{
    const struct weighted *weighted = (const struct weighted *)policy;
    const struct weight_class *best = NULL;
    for (size_t i = 0; i < weighted->class_count; i++) {
        const struct weight_class *class = &weighted->classes[i];
        if ((!best || goes_before(class, best)) && has_untried(class, i, set, request))
            best = class;
    }
    if (!best)
        return NULL;
    struct balancer_peer **members = weighted->members + best->begin;
    size_t seat = best->next;
    while (request_tried(request, members[seat]))
        seat = seat + 1 < best->count ? seat + 1 : 0;
    return members[seat];
}

static void weighted_advance(struct policy *policy, const struct peer_set *set, const struct balancer_peer *picked)
{
    (void)set;
    struct weighted *weighted = (struct weighted *)policy;
    for (size_t i = 0; i < weighted->class_count; i++)
        weighted->classes[i].current += weighted->classes[i].gain;
    struct weight_class *class = &weighted->classes[picked->class];
    class->current -= weighted->total;
    class->next = picked->seat + 1 < class->count ? picked->seat + 1 : 0;
}

static void weighted_free(struct policy *policy)
{
    struct weighted *weighted = (struct weighted *)policy;
    free(weighted->classes);
    free(weighted->former);
    free(weighted->members);
    free(weighted->weights);
    free(weighted);
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
