/* stage: the cast of the drill: real servers, three user-services, and those who
 * call them, side by side: the lesson's naive client, an order-service with the
 * learner's cache, and the project's own.
 */
#ifndef DRILL_STAGE_H
#define DRILL_STAGE_H

#include "harness/view.h"
#include "naive.h"
#include "record.h"

enum { USERS = 3, TTL_MS = 5000, CALLS_A_SECOND = 20 };

struct stage {
    struct world world;
    struct service users[USERS];
    struct service orders[CALLERS_MAX]; /* the naive one has none */
    struct load *load[CALLERS_MAX];
    struct naive *naive;
    struct record record;
};

/* learners: the program with the learner's cache, below the build folder; "" where there is none. */
int stage_open(struct stage *stage, const char *learners, struct err *err);
void stage_close(struct stage *stage);

/* Lets that much time pass, and records what is seen meanwhile. */
void stage_watch(struct stage *stage, int64_t ms);
/* The same until the caller's list is confirmed by Consul again, with all instances. False at the limit. */
bool stage_watch_recovery(struct stage *stage, int64_t limit_ms);

/* The last one is the project's own. */
static inline int projects_own(const struct stage *stage)
{
    return stage->record.callers - 1;
}

#endif
