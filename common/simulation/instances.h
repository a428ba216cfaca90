/* The simulated instances: a process that listens, around a real registration. */
#ifndef SIMULATION_INSTANCES_H
#define SIMULATION_INSTANCES_H

#include "net/http_client.h"
#include "simulation/world.h"

enum {
    DRAIN_MS = 8000,  /* DRAIN_TIMEOUT */
    QUIET_MS = 1000,  /* a drain ends when no call came for so long (service/drain.c) */
};

void instance_open(struct sim_instance *instance, struct world *world, int number);
/* Listens, and starts to register. moved: on another port than last time. */
void instance_start(struct sim_instance *instance, bool moved);
/* kill -9 */
void instance_kill(struct sim_instance *instance);
/* SIGTERM: deregisters, serves until nobody calls any more, ends. In a fiber. */
void instance_drain(struct sim_instance *instance);
void instance_freeze(struct sim_instance *instance);
void instance_thaw(struct sim_instance *instance);

/* Listens this process of it still on that port? */
bool instance_is_at(const struct sim_instance *instance, uint16_t port);
/* One call of it, as http_call. */
int instance_answer(struct sim_instance *instance, const struct http_call *call, struct http_response *response,
                    struct err *err);

#endif
