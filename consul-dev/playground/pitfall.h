/* pitfall: one of the lesson's five pitfalls as a scenario: runs `build/pitfall N`, the program of `make pitfall`.
 *
 * It has servers of its own, so the processes of the playground are not touched and need not run. The kernel and the
 * program's guard (pitfalls/guard.h) remove what it has started, in whatever way it ends.
 */
#ifndef PLAYGROUND_PITFALL_H
#define PLAYGROUND_PITFALL_H

#include "scenario.h"

/* 0, or -1 with ERR_CONFLICT: a program that the pitfalls need is not built. */
int pitfall_check_built(struct err *err);
/* A story: runs the pitfall of scenario->story to its end. */
void pitfall_run(struct scenario *scenario);

#endif
