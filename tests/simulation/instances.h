/* instances: the state of the simulated instances, and their ports. Each new process of an
 * instance may listen on another port, so a port names an instance and one of its lives. The
 * more instances a world has, the fewer lives each of them has. */
#ifndef SIMULATION_INSTANCES_H
#define SIMULATION_INSTANCES_H

#include "registration/registration.h"
#include "simulation/process.h"

enum {
    DRAIN_MS = 8000,  /* DRAIN_TIMEOUT */
    QUIET_MS = 1000,  /* a drain ends after this time without a call (service/drain.c) */
};

enum life { DOWN, UP, DRAINING };

struct sim_instance {
    struct process process;
    enum life life;
    bool unhealthy;   /* answers its check with 503, callers with 500 */
    bool fails_half;  /* answers every second call of each caller with 500, and its check with 200 */
    bool is_ordered_out; /* an operator has ordered this process into maintenance */
    bool unreachable; /* its machine is off the network: each call times out */
    int64_t slow_ms;  /* added to the time of each answer */
    char address[ADDRESS_MAX];
    int lives;        /* the number of the current life: a restart on another port begins a new one */
    uint16_t port;
    int64_t *died_ms; /* the end of each of its ports_lives() lives: since then no process listens on its port */
    int64_t last_call_ms;
    int64_t calls; /* that it got, in all lives */
    struct registration *registrations[REGISTRIES_MAX];
};

/* Does the instance listen on this port now? */
bool instance_is_at(const struct sim_instance *instance, uint16_t port);
/* Divides the ports between so many instances, for the world that begins. Returns how many
 * instances the ports can name, at least these. */
int ports_divide(int instances);
/* How many ports each instance has. The last one is of a life that never begins: no process ever
 * listens on it. */
int ports_lives(void);
/* The instance that has, or had, this port, and which of its lives. */
int instance_of_port(uint16_t port);
int life_of_port(uint16_t port);
uint16_t port_of(int instance, int life);

#endif
