/* loop: the one libuv loop on which everything runs.
 *
 * In each turn libuv waits for sockets and timers and runs their callbacks, which only
 * wake waits. Then the fibers that became ready run, in one batch. Then the hooks run
 * (a server sends the replies of the batch). While fibers are ready the loop does not
 * block. One process, one thread, one loop: to use more cores, start more instances;
 * callers find them through the registry.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdint.h>

struct uv_loop_s; /* uv_loop_t */

/* Once at start. Ignores SIGPIPE and raises the limit of open files to the maximum
 * allowed. Ends the program with an error if the loop cannot be created. */
void loop_open(void);
/* Runs fn(arg) as the first fiber, and the loop until every fiber has ended. */
void loop_run(void (*fn)(void *arg), void *arg);
/* Waits for closed handles to finish, then frees. 0, or -1 if a handle was left open
 * (a defect: tests check it). */
int loop_close(void);

/* For tests: loop_run on virtual time, without libuv and without loop_open. When no
 * fiber is ready, the clock jumps to the next deadline. Fibers may wait only for each
 * other and for time. */
void loop_run_virtual(void (*fn)(void *arg), void *arg);

/* For modules that turn a library's callbacks into waits. */
struct uv_loop_s *loop_uv(void);
/* Calls fn(arg) after each batch of fibers, before the loop may block. At most 8. */
void loop_add_hook(void (*fn)(void *arg), void *arg);
void loop_remove_hook(void (*fn)(void *arg), void *arg);

/* Makes SIGTERM and SIGINT wake loop_next_signal instead of ending the program. */
void loop_catch_signals(void);
void loop_release_signals(void);
/* The next signal (several are counted; the last one's number is returned), or 0 at the
 * deadline or when cancelled. */
int loop_next_signal(int64_t deadline);

#endif
