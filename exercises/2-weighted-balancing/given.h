/* What exercise 2 gives you. You edit weighted.c only. */
#ifndef GIVEN_H
#define GIVEN_H

#include <stddef.h>

/* One instance of user-service, as the registry lists it. */
struct peer {
    const char *id; /* "A", "B" … */
    int weight;     /* its share; 0: never pick it. Not negative */
    int current;    /* for your use. 0 for a new instance. It is kept from one pick to the next by id, also when
                     * other instances come and go or the order changes */
};

/* You write this one: it picks the instance for one request and returns its index in peers, or -1 if there is
 * none to pick. n may be 0. */
int weighted_pick(struct peer *peers, int n);

#endif
