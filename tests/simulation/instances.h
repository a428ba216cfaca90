/* The simulated instances: a process that listens, around a real registration. */
#ifndef SIMULATION_INSTANCES_H
#define SIMULATION_INSTANCES_H

#include "net/http_client.h"
#include "simulation/process.h"

enum {
    LIVES_MAX = 900,
    DRAIN_MS = 8000,  /* DRAIN_TIMEOUT */
    QUIET_MS = 1000,  /* a drain ends when no call came for so long (service/drain.c) */
};

enum life { DOWN, UP, DRAINING };

struct sim_instance {
    struct process process;
    enum life life;
    bool sick;        /* answers 503 to its check, 500 to callers */
    bool unreachable; /* its machine is off the network: nobody gets an answer */
    int64_t slow_ms;  /* on top of each answer */
    char address[ADDRESS_MAX];
    int lives;        /* processes so far: each restart that moves has another port */
    uint16_t port;
    int64_t died_ms[LIVES_MAX]; /* when nobody listened any more on the port of each */
    int64_t last_call_ms;
    struct registration *registrations[REGISTRIES_MAX];
};

void instance_open(struct sim_instance *instance, struct world *world, int number);
/* Listens, and starts to register. moved: on another port than last time. */
void instance_start(struct sim_instance *instance, bool moved);
/* kill -9 */
void instance_kill(struct sim_instance *instance);
/* SIGTERM: deregisters, serves until nobody calls any more, ends. In a fiber. */
void instance_drain(struct sim_instance *instance);

/* Listens this process of it still on that port? */
bool instance_is_at(const struct sim_instance *instance, uint16_t port);
/* One call of it, as http_call. */
int instance_answer(struct sim_instance *instance, const struct http_call *call, struct http_response *response,
                    struct err *err);

/* The instance that has, or had, this port, and which of its lives. The last life is never lived. */
int instance_of_port(uint16_t port);
int life_of_port(uint16_t port);
uint16_t port_of(int instance, int life);

#endif
