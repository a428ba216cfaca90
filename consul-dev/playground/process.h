/* process: one process that the playground has started: a server or a service; what can be done to it.
 *
 * The functions send a signal or start the process, and return at once. Only processes that the playground has
 * started are signalled.
 */
#ifndef PLAYGROUND_PROCESS_H
#define PLAYGROUND_PROCESS_H

#include "harness/world.h"
#include "loop/sync.h"
#include "model.h"

struct process {
    struct proc *proc;
    struct server *server; /* NULL: a service */
    struct service service;
    struct port port;       /* of a service: reserved while it does not run */
    bool asked_to_end;      /* by a signal of ours */
    bool remove_when_ended;
};

struct processes {
    struct model *model;
    struct group *fibers;
    struct world world;
    struct server etcd;
    int next_user; /* the number of the next user-service */
};

/* Each of these: 0, or -1 with ERR_CONFLICT: it does not fit the state of the process. */
int process_start(struct processes *processes, struct node *node, struct err *err); /* also ERR_FAILED */
int process_stop(struct processes *processes, struct node *node, struct err *err);  /* the clean way of its kind */
int process_term(struct processes *processes, struct node *node, struct err *err);  /* SIGTERM */
int process_kill(struct processes *processes, struct node *node, struct err *err);
int process_hang(struct processes *processes, struct node *node, struct err *err);
int process_continue(struct processes *processes, struct node *node, struct err *err);

#endif
