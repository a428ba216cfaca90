/* instances: the state of the simulated instances, and their ports. Each new process of an
 * instance may listen on another port, so a port names an instance and one of its lives. */
#ifndef SIMULATION_INSTANCES_H
#define SIMULATION_INSTANCES_H

#include "registration/registration.h"
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

/* Listens this process of it still on that port? */
bool instance_is_at(const struct sim_instance *instance, uint16_t port);
/* The instance that has, or had, this port, and which of its lives. The last life is never lived. */
int instance_of_port(uint16_t port);
int life_of_port(uint16_t port);
uint16_t port_of(int instance, int life);

#endif
