/* partition_stage: what pitfall 5 needs: three Consul servers on three machines of a private network, two registered
 * instances, an order-service beside the leader, and a witness on each machine.
 */
#ifndef PITFALLS_PARTITION_STAGE_H
#define PITFALLS_PARTITION_STAGE_H

#include <jansson.h>

#include "harness/view.h"
#include "witness.h"

struct stage {
    struct world world; /* only its folder, which is taken before the start */
    struct network network;
    struct server consul[MACHINES];
    struct service orders; /* beside the leader */
    struct witness witness[MACHINES];
    struct clock_key clock;
    int cut; /* the machine that will be alone: its server is the leader */
};

/* After network_open(). On return all servers answer, and the witnesses write and read. */
int stage_start(struct stage *stage, struct err *err);
void stage_stop_witnesses(struct stage *stage); /* may be called twice */
void stage_stop(struct stage *stage);           /* also after a failed start */

/* The machines that are not cut: 1 and 2. */
int stage_other(const struct stage *stage, int number);

/* A request to the server on a machine, from that machine. The caller frees the JSON; NULL: no reply with 200. */
json_t *stage_ask(const struct stage *stage, int machine, const char *method, const char *path, const char *body);
/* The machine of the leader that this server names; -1: none. */
int stage_leader(const struct stage *stage, int machine);
/* How many user-services the cut server lists for this query; -1: it does not reply. */
int stage_instances_at_cut(const struct stage *stage, const char *query);
/* As `consul join`: the cut server tries at once to reach another one. By itself it tries every 30 s. */
void stage_rejoin(const struct stage *stage);
/* What order-service knows. */
void stage_look_at_project(const struct stage *stage, struct view *view);

#endif
