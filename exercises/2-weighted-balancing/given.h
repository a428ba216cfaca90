/* What exercise 2 gives you. You edit weighted.c only. */
#ifndef GIVEN_H
#define GIVEN_H

#include <stddef.h>

/* One instance of user-service, as the registry told it. */
struct peer {
    const char *id; /* "A", "B" …: which one it is */
    int weight;     /* its share; 0: it shall not be picked. Never negative */
    int current;    /* yours to use. 0 for an instance that is new; from one pick to the next it is kept for
                     * you, by id, also when other instances come and go or the order changes */
};

/* You write this one: picks the instance for one request. Returns its index in peers, or -1: there is
 * nobody to pick. n may be 0. */
int weighted_pick(struct peer *peers, int n);

#endif
