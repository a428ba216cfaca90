/* network: a private network of three machines, made of Linux network namespaces: a switch (a bridge) in the middle,
 * and a cable (a veth pair) to each machine, which can be cut.
 *
 * Nothing of it has a name outside: this process moves into a new namespace, and the others are only open files of it.
 * The kernel removes all of it when this process and the servers that it has started have ended, also after kill -9.
 *
 *     network_open(&network, &folder, &err);
 *     network_enter(&network, 0);      // what this thread starts and connects to now is on machine 0
 *     network_leave(&network);
 *     network_cut(&network, 0, &err);  // machine 0 is alone
 */
#ifndef PITFALLS_NETWORK_H
#define PITFALLS_NETWORK_H

#include <stdbool.h>

#include "harness/place.h"

enum { MACHINES = 3 };

struct network {
    int outside;           /* the namespace with the switch */
    int machine[MACHINES]; /* namespaces */
    char log[PLACE_PATH_MAX + 32];
};

/* Moves this process into a namespace of its own. Without root it becomes root of a user namespace first. Call it
 * before any thread starts. -1: this machine does not allow it. */
int network_isolate(struct err *err);
/* After network_isolate(). The address of machine i is network_address(i). -1: this machine does not allow it, or lacks
 * the program ip or bridges; network_close() is needed then, too. */
int network_open(struct network *network, const struct folder *folder, struct err *err);
void network_close(struct network *network);

/* For this thread only. */
void network_enter(const struct network *network, int machine);
void network_leave(const struct network *network);

int network_cut(const struct network *network, int machine, struct err *err);
int network_join(const struct network *network, int machine, struct err *err);

const char *network_address(int machine);

#endif
