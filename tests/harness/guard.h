/* guard: removes the folder of this program if it is killed.
 *
 * The kernel ends the servers and services when this program ends, in whatever way (PR_SET_PDEATHSIG, see
 * harness/proc.h), and the network namespaces with the last process in them. But files stay. So a second process waits
 * until the first has ended, and removes folders that no process has locked.
 */
#ifndef HARNESS_GUARD_H
#define HARNESS_GUARD_H

#include "base/err.h"

/* Call it before the folder is taken. */
int guard_start(struct err *err);
/* This program has removed its folder itself: the guard ends. */
void guard_end(void);

#endif
