/* callee: a small stand-in for a service, whose answer depends on the path.
 *
 *     /status/429    that status
 *     /redirect/404  301 with "Location: /status/404"
 *     /hang          no answer; the connection stays open
 *     /lossy/5       200, but 5 % of the requests are lost: the connection closes without an answer
 *     others         200
 *
 * It is a process of its own, so that it can hang (SIGSTOP) and crash (SIGKILL).
 */
#ifndef LABS_CALLEE_H
#define LABS_CALLEE_H

#include "harness/proc.h"

/* Returns when it listens. -1: cannot start it. */
int callee_start(struct proc *proc, const struct folder *folder, int *port, struct err *err);

/* The main function of that process: `lab callee`. */
int callee_main(void);

#endif
