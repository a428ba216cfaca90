/* process: what instances and callers have in common: a life, and a way of its own
 * to each registry, so that each can be cut off, frozen or killed alone. */
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

/* The way of a process to one registry. */
struct link {
    struct registry registry; /* as the real code sees it: the first member */
    struct process *process;
    struct sim_registry *to;
    bool cut;            /* what the two send each other is lost */
    bool has_put;        /* this process has put its entry there */
    double level;        /* of requests, as a bucket that leaks */
    int64_t level_ms;    /* when it was last filled */
    int64_t failed_ms;   /* a caller's last query for a list; 0: it was answered */
    int64_t answered_ms; /* its last that was; 0: none was yet */
};

struct process {
    struct link links[REGISTRIES_MAX];
    struct world *world;
    char name[24];
    int number;       /* of the instance; -1: a caller */
    bool frozen;      /* stopped in the middle of all; goes on as if nothing were */
    bool killed;      /* nothing leaves it any more */
    struct wait_queue thawed;
    bool in_fault;    /* one at a time */
    int64_t well_since_ms; /* DEADLINE_NONE: in a fault that keeps it from a registry */
};

/* Cuts the ways to those registries (one bit each) that are named, and heals the others. */
void process_cut(struct process *process, unsigned registries);
/* Its memory is gone. */
void process_forget(struct process *process);
void process_freeze(struct process *process);
void process_thaw(struct process *process);

#endif
