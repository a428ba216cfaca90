/* The simulated registry: Consul's semantics as the real code meets them.
 *
 * It has an index, blocking queries, checks that it makes itself (HTTP, with
 * failures before critical) or is told of (TTL), and a reaper. It can refuse,
 * hang, fail, be slow, forget all, answer with nothing or with half of what it
 * knows, and let its index jump or start again.
 */
#ifndef SIMULATION_REGISTRY_H
#define SIMULATION_REGISTRY_H

#include "simulation/world.h"

enum {
    HOP_MS = 3,             /* a message takes at most so long, in health */
    CHECKER_TICK_MS = 100,
    FAILURES_BEFORE_CRITICAL = 2, /* as consul_wire.c registers */
    TTL_INTERVALS = 3,      /* the TTL, as the contract has it */
    LATE_MS = 50,           /* a message whose sender gave up may still arrive within this */
};

void sim_registry_open(struct sim_registry *registry, struct world *world);
void sim_registry_close(struct sim_registry *registry);
/* Makes this process reach the registry. */
void sim_registry_connect(struct sim_registry *registry, struct process *process);

/* Its agent: makes checks, lets TTLs run out, reaps. A fiber; arg is the world. */
void sim_registry_run(void *arg);

/* What waits for a reply is cut off; forget: and all state is gone, the index too. */
void sim_registry_restart(struct sim_registry *registry, bool forget, bool all_critical);
void sim_registry_set_mode(struct sim_registry *registry, enum mode mode);
/* Something about the list is different now: whoever waits for that is answered. */
void sim_registry_change(struct sim_registry *registry);

#endif
