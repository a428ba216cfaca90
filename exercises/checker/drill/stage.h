/* stage: the cast of the drill: real servers, three user-services, and those who
 * call them, side by side: the lesson's naive client, an order-service with the
 * learner's cache, and the project's own.
 */
#ifndef DRILL_STAGE_H
#define DRILL_STAGE_H

#include "harness/cluster.h"
#include "harness/load.h"
#include "harness/view.h"
#include "naive.h"
#include "record.h"

enum { USERS = 3, NAIVE = 0 }; /* the naive one is the first of the callers, the project's own the last */

struct stage {
    struct world world;
    bool clustered;
    struct cluster cluster;
    struct server *consul; /* whom the callers ask: the only one, or the agent beside them */
    struct service users[USERS];
    int callers;
    struct service orders[CALLERS_MAX]; /* the naive one has none */
    struct load *load[CALLERS_MAX];
    struct naive *naive;
};

/* Everything runs and is known on return, and nobody calls yet; record knows who will. clustered: Consul is three
 * servers, and an agent beside each service. learners: the program with the learner's cache, below the build folder;
 * "" where there is none. */
int stage_open(struct stage *stage, struct record *record, bool clustered, const char *learners, struct err *err);
/* From now on everybody calls. */
int stage_start_load(struct stage *stage, struct err *err);
void stage_close(struct stage *stage); /* also after a failed stage_open */

/* The Consul beside a user-service. */
struct server *stage_agent(struct stage *stage, int user);
/* Does the registry list all user-services, passing? */
bool stage_lists_all(struct stage *stage);

#endif
