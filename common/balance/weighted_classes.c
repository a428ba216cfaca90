#include "balance/weighted_classes.h"

#include <stdlib.h>

int weighted_classes_reserve(struct weighted_classes *classes, size_t count)
{
    if (array_reserve(classes->at, count) != 0 ||
        array_reserve(classes->former, count) != 0 ||
        array_reserve(classes->members, count) != 0 ||
        array_reserve(classes->weights, count) != 0)
        return -1;
    return 0;
}

void weighted_classes_close(struct weighted_classes *classes)
{
    free(classes->at);
    free(classes->former);
    free(classes->members);
    free(classes->weights);
}

/* --- Build the classes --------------------------------------------------------------- */

static int by_value(const void *left, const void *right)
{
    int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}

/* One class for each weight that occurs. */
static void find_classes(struct weighted_classes *classes, const struct peer_set *set)
{
    int *weights = classes->weights;
    for (size_t i = 0; i < set->count; i++)
        weights[i] = peer_weight(set->at[i]);
    if (set->count > 1)
        qsort(weights, set->count, sizeof *weights, by_value);

    classes->count = 0;
    for (size_t i = 0; i < set->count; i++)
        if (i == 0 || weights[i] != weights[i - 1])
            classes->at[classes->count++] = (struct weight_class){.weight = weights[i]};
}

static struct weight_class *class_find(struct weight_class *at, size_t count, int weight)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (at[middle].weight < weight)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && at[low].weight == weight ? &at[low] : NULL;
}

static void count_members(struct weighted_classes *classes, const struct peer_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        struct weight_class *class = class_find(classes->at, classes->count, peer_weight(set->at[i]));
        class->count++;
        set->at[i]->class = (uint32_t)(class - classes->at);
    }
    size_t begin = 0;
    classes->total = 0;
    for (size_t i = 0; i < classes->count; i++) {
        struct weight_class *class = &classes->at[i];
        class->begin = begin;
        class->gain = (int64_t)class->weight * (int64_t)class->count;
        begin += class->count;
        classes->total += class->gain;
        class->count = 0; /* seat_members() counts again */
    }
}

static void seat_members(struct weighted_classes *classes, const struct peer_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        struct weight_class *class = &classes->at[set->at[i]->class];
        set->at[i]->seat = (uint32_t)class->count;
        classes->members[class->begin + class->count++] = set->at[i];
    }
}

/* --- Carry over the turns ------------------------------------------------------------ */

static void keep_former(struct weighted_classes *classes)
{
    struct weight_class *spare = classes->former;
    classes->former = classes->at;
    classes->former_count = classes->count;
    classes->former_total = classes->total;
    classes->at = spare;
    for (size_t i = 0; i < classes->former_count; i++) {
        struct weight_class *class = &classes->former[i];
        class->next_due = classes->members[class->begin + class->next];
    }
}

/* Scales what a class has gained to the new total. Without this, a debt from a large
 * list would keep a class of a small list waiting for hundreds of turns. */
static void carry_over(struct weighted_classes *classes, struct weight_class *class)
{
    struct weight_class *former = class_find(classes->former, classes->former_count, class->weight);
    if (!former)
        return;
    class->current = former->current * classes->total / classes->former_total;
    class->next = peers_find_from(classes->members + class->begin, class->count, former->next_due);
}

void weighted_classes_rebuild(struct weighted_classes *classes, const struct peer_set *set)
{
    keep_former(classes);
    find_classes(classes, set);
    count_members(classes, set);
    seat_members(classes, set);
    for (size_t i = 0; i < classes->count; i++)
        carry_over(classes, &classes->at[i]);
}

size_t weight_class_untried(const struct weighted_classes *classes, size_t index, const struct peer_set *set,
                            const struct balance_request *request)
{
    size_t untried = classes->at[index].count;
    for (size_t i = 0; i < request->tried_count; i++)
        untried -= request_tried_in(request, i, set) && request->tried[i]->class == index;
    return untried;
}
