/* weighted_classes: the instances of a set, grouped by equal weight; used by weighted.c. */
#ifndef BALANCE_WEIGHTED_CLASSES_H
#define BALANCE_WEIGHTED_CLASSES_H

#include "balance/peer.h"

struct weight_class {
    int64_t current;   /* gained minus paid (weighted.c) */
    int64_t gain;      /* in each turn of first attempts: the weight × the number of members */
    int weight;
    size_t begin, count; /* its members: `count` from `begin` on in weighted_classes.members */
    size_t next;         /* the member whose turn it is, 0 … count-1 */
    const struct balancer_peer *next_due; /* that member, while a new set is taken over */
};

/* Zero-initialise. */
struct weighted_classes {
    struct weight_class *at; /* ascending by weight */
    size_t count;
    struct balancer_peer **members; /* in order of class, then in that of the set */
    int64_t total;                  /* of all gains */
    /* private: the classes of the previous set, and scratch memory */
    struct weight_class *former;
    size_t former_count;
    int64_t former_total;
    int *weights;
};

/* Makes room for `count` peers. 0, or -1: out of memory. */
int weighted_classes_reserve(struct weighted_classes *classes, size_t count);
/* Groups a new set, sets `class` and `seat` of its peers, and carries over the state of
 * the turns. The peers of the previous set must still exist. */
void weighted_classes_rebuild(struct weighted_classes *classes, const struct peer_set *set);
void weighted_classes_close(struct weighted_classes *classes);

/* How many members of class `index` this call has not tried. */
size_t weight_class_untried(const struct weighted_classes *classes, size_t index, const struct peer_set *set,
                            const struct balance_request *request);

#endif
