/* processes: the processes that the playground starts: Consul, perhaps etcd, PostgreSQL, Redis, an order-service
 * and user-services, on the ports of `make up`.
 *
 * The functions send a signal or start a process and return at once; a fiber notices when a process has ended.
 * Only processes of this stack are signalled. The kernel kills them all when the playground ends, even if it
 * is killed itself (harness/proc.h).
 */
#ifndef PLAYGROUND_PROCESSES_H
#define PLAYGROUND_PROCESSES_H

#include "process.h"

enum { BASE_USERS = 3 };

/* Reserves the ports and adds the nodes; starts nothing. -1: a port is in use (the text says which, and what to
 * do), or a folder cannot be created. `fibers` must be joined before processes_close(). */
int processes_open(struct processes *processes, struct model *model, struct group *fibers, struct err *err);
/* Starts all of it. Waits. 0, or -1 with err if a server does not start; ERR_CANCELLED. */
int processes_bring_up(struct processes *processes, struct err *err);
/* Run as a fiber; notices ended processes. */
void processes_watch(void *processes);
/* Ends all processes: the services drain for a moment, the servers stop, then what is left is killed. In a fiber. */
void processes_close(struct processes *processes);

/* Adds a user-service and starts it. NULL with err: too many, or ERR_FAILED. */
struct node *processes_add_user(struct processes *processes, int number, int weight, const char *zone, const char *version,
                            struct err *err);
/* Stops a user-service, and removes it from the picture when it has ended. */
void processes_remove_user(struct processes *processes, struct node *node);

/* One step of putting the processes back: removes the instances for which leaves(arg) is true, continues what
 * hangs, and starts what has ended. True: nothing is left to do. */
bool processes_put_back(struct processes *processes, bool (*leaves)(const struct node *node, const void *arg),
                        const void *arg);

#endif
