/* lookup: one call of the learner's get_instances(), and the list that it returned. Each check
 * runs in a process of its own, so the state below is new for each. */
#ifndef EXERCISE_3_LOOKUP_H
#define EXERCISE_3_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "consul.h"

enum { LIST_MAX = 64 }; /* instances in a struct list */

extern struct entry entry;
extern struct list got; /* by the last call; n is -1 if *out was not filled in */
extern struct err why;  /* of the last call */
extern int64_t ttl_ms;  /* given to get_instances() */

/* One request, at consul.now_ms. What get_instances() returned, 0 or -1; another value ends the check. */
int call(void);
/* The instances are those that consul.c lists. */
bool is_whole(const struct list *list, int expected);
bool got_whole_list(int expected);

/* A new entry, and the first call: Consul answers with so many instances. Another list ends the check. */
void start_with(int instances);

#endif
