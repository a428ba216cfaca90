/* process: the part that instances and callers have in common. Each has a link of its own to each
 * registry, so that each process can be cut off, frozen or killed separately. */
#ifndef SIMULATION_PROCESS_H
#define SIMULATION_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "loop/sync.h"
#include "registry/registry.h"
#include "simulation/settings.h"

struct world;
struct process;
struct sim_registry;

/* Connects a process to one registry. */
struct link {
    struct registry registry; /* as the real code sees it: the first member */
    struct process *process;
    struct sim_registry *to;
    bool cut;            /* messages in both directions are lost */
    bool has_put;        /* this process has sent its registration */
    double level;        /* of requests: a leaky bucket */
    int64_t level_ms;    /* when `level` was last computed */
    int64_t failed_ms;   /* when a caller's last query for a list failed; 0: it succeeded */
    int64_t answered_ms; /* when its last successful query ended; 0: none yet */
};

struct process {
    struct link links[REGISTRIES_MAX];
    struct world *world;
    char name[24];
    int number;       /* of the instance; -1: this is a caller */
    bool frozen;      /* SIGSTOP: stopped at any point; later continues there */
    bool killed;      /* it sends nothing any more */
    struct wait_queue thawed;
    bool in_fault;    /* a process has one fault at a time */
    int64_t healthy_since_ms; /* DEADLINE_NONE: a fault keeps it from a registry now */
};

/* Cuts the links to these registries (one bit each), and restores the others. */
void process_cut(struct process *process, unsigned registries);
/* A new process starts: the requests of the old one no longer count. */
void process_forget(struct process *process);
void process_freeze(struct process *process);
void process_thaw(struct process *process);

#endif
