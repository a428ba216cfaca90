/* The simulated callers: real discovery and a real client, and their traffic. */
#ifndef SIMULATION_CALLERS_H
#define SIMULATION_CALLERS_H

#include "simulation/world.h"

/* One call, from its first attempt to its end: the witness' notes. */
struct call_record {
    struct sim_caller *caller;
    int64_t begin_ms, deadline;
    int tried[ATTEMPTS_MAX + 1]; /* instances */
    int attempts;
    bool answered; /* an instance has given an answer that is not to be asked for again */
};

void caller_open(struct sim_caller *caller, struct world *world, int number);
/* A process with nothing in its memory. */
void caller_start(struct sim_caller *caller);
/* Waits for the calls that are under way. In a fiber. */
void caller_stop(struct sim_caller *caller);
/* Sends calls until the world ends. A fiber; arg is the caller. */
void caller_run(void *arg);

#endif
