/* stage: all processes of the drill: real servers, three user-services, and the
 * callers side by side: the lesson's naive client, an order-service with the
 * learner's cache, and the project's.
 */
#ifndef DRILL_STAGE_H
#define DRILL_STAGE_H

#include "harness/cluster.h"
#include "harness/load.h"
#include "harness/view.h"
#include "naive.h"
#include "record.h"

enum { USERS = 3, NAIVE = 0 }; /* the naive client is the first caller, the project's order-service the last */

struct stage {
    struct world world;
    bool clustered;
    struct cluster cluster;
    struct server *consul; /* the Consul that the callers query: the only one, or the agent beside them */
    struct service users[USERS];
    int callers;
    struct service orders[CALLERS_MAX]; /* none for the naive client */
    struct load *load[CALLERS_MAX];
    struct naive *naive;
};

/* On return everything runs and is registered, no call is made yet, and the record has its callers. clustered: Consul is
 * three servers and an agent beside each service. learners: the program with the learner's cache, below the build
 * folder; "": none. */
int stage_open(struct stage *stage, struct record *record, bool clustered, const char *learners, struct err *err);
/* Starts the calls of all callers. */
int stage_start_load(struct stage *stage, struct err *err);
void stage_close(struct stage *stage); /* also after a failed stage_open */

/* The Consul beside a user-service. */
struct server *stage_agent(struct stage *stage, int user);
/* Does the registry list all user-services as passing? */
bool stage_lists_all(struct stage *stage);

#endif
