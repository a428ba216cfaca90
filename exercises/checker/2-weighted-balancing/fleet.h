/* fleet: the list of instances that a check gives to the learner's weighted_pick(), and the results. */
#ifndef EXERCISE_2_FLEET_H
#define EXERCISE_2_FLEET_H

#include "2-weighted-balancing/given.h"

enum { FLEET_MAX = 200, ROUND_MAX = 24 /* requests whose order a message shows */ };

struct fleet {
    struct peer peers[FLEET_MAX]; /* ids are "A", "B", … "Z", "A1", … */
    int n, longest;               /* longest: the largest n so far */
};

/* Instances A, B, … with these weights. */
struct fleet fleet_of(int n, const int weights[]);
/* One request: the index that was picked, or -1. An invalid index ends the check. The
 * learner gets a copy of the list on the heap, so that the sanitizer notices a read
 * past its end. */
int fleet_pick(struct fleet *fleet);

/* The requests of one round. */
struct round {
    int counts[FLEET_MAX], none; /* none: requests for which -1 was returned */
    char order[6 * ROUND_MAX + 8]; /* "A A B A" */
};
struct round fleet_round(struct fleet *fleet, int requests);
/* "A=3 B=1", cut to the room in out. */
const char *fleet_counts(const struct fleet *fleet, const int counts[], char out[128]);

#endif
