/* fleet: the instances that a check lets the learner pick from, and what came of it. */
#ifndef EXERCISE_2_FLEET_H
#define EXERCISE_2_FLEET_H

#include "2-weighted-balancing/given.h"

enum { FLEET_MAX = 200, ROUND_MAX = 24 /* of which the order is told */ };

struct fleet {
    struct peer peers[FLEET_MAX]; /* ids are "A", "B", … "Z", "A1", … */
    int n, longest;               /* longest: when it was picked from */
};

/* Instances A, B, … with these weights. */
struct fleet fleet_of(int n, const int weights[]);
/* One request: which one was picked, or -1. Ends the check where the answer makes
 * no sense. What the learner sees is a copy with nothing behind it, so that
 * reading past its end is noticed. */
int fleet_pick(struct fleet *fleet);

/* The requests of one round. */
struct round {
    int counts[FLEET_MAX], nobody;
    char order[6 * ROUND_MAX + 8]; /* "A A B A" */
};
struct round fleet_round(struct fleet *fleet, int requests);
/* "A=3 B=1", as much of it as has room. */
const char *fleet_counts(const struct fleet *fleet, const int counts[], char out[128]);

#endif
