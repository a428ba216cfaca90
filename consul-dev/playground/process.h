/* process: one process that the playground has started: a server or a service. */
#ifndef PLAYGROUND_PROCESS_H
#define PLAYGROUND_PROCESS_H

#include "harness/world.h"

struct process {
    struct proc *proc;
    struct server *server; /* NULL: a service */
    struct service service;
    struct port port;       /* of a service: reserved while it does not run */
    bool asked_to_end;      /* by a signal of ours */
    bool remove_when_ended;
};

#endif
