/* loop: the one libuv loop on which everything runs.
 *
 * Each turn: libuv waits for sockets and timers and calls back; callbacks only
 * wake waits; then the fibers that became ready run, in one batch; then the
 * hooks (a server flushes what the batch answered). While fibers are ready the
 * loop does not block. One process, one thread, one loop: more cores are used
 * by more instances, which is what a registry is for.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdint.h>

struct uv_loop_s; /* uv_loop_t */

/* Once at start. Ignores SIGPIPE, raises the limit of open files to the most
 * that is allowed. Ends the program where even that fails. */
void loop_open(void);
/* Runs fn(arg) as the first fiber, and the loop until every fiber has ended. */
void loop_run(void (*fn)(void *arg), void *arg);
/* Lets handles that were closed finish, then frees. 0, or -1 where somebody
 * left a handle open (a defect: tests check it). */
int loop_close(void);

/* Tests: the same on virtual time, without libuv: when no fiber is ready, the
 * clock jumps to the next deadline. Needs no loop_open. Fibers must wait only
 * for each other and for time. */
void loop_run_virtual(void (*fn)(void *arg), void *arg);

/* For the modules that turn a library's callbacks into waits. */
struct uv_loop_s *loop_uv(void);
/* Calls fn(arg) after each batch of fibers, before the loop may block. At most 8. */
void loop_add_hook(void (*fn)(void *arg), void *arg);
void loop_remove_hook(void (*fn)(void *arg), void *arg);

/* SIGTERM and SIGINT come here instead of ending the program. */
void loop_catch_signals(void);
void loop_release_signals(void);
/* The next one caught (they queue up as a count), or 0 at the deadline or when
 * cancelled. */
int loop_next_signal(int64_t deadline);

#endif
