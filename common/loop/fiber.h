/* fiber: code that waits as if it blocked, while one thread runs the others.
 *
 * A fiber is a function with a stack of its own. Where it has to wait, it parks:
 * the thread goes on with another fiber, and comes back when somebody wakes the
 * wait or its deadline passes. So a request handler, a watch or a heartbeat is
 * straight-line code: no locks, no callbacks, no state machines. (Conway 1963
 * called them coroutines; Adya et al., "Cooperative Task Management without
 * Manual Stack Management", USENIX 2002, is why we use them.)
 *
 * Fibers switch only where they wait: between two waits, a fiber has the
 * program to itself. A callback of a library never runs a fiber: it calls
 * wait_wake(), and the loop runs the fiber soon after (loop.h).
 *
 *     struct wait wait;
 *     wait_init(&wait);
 *     some_library_start(..., on_done, &wait);      // on_done calls wait_wake(&wait)
 *     if (wait_park(&wait, deadline) != WAIT_WOKEN) // gave up: on_done must not run any more
 *         some_library_abort(...);
 *
 * This module knows nothing of sockets. Time is clock.h's, so it may be virtual.
 */
#ifndef LOOP_FIBER_H
#define LOOP_FIBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fiber;

/* Starts fn(arg); it runs soon, never inside this call. 0, or -1 at the limit
 * of fibers or out of memory. `arg` must live until the fiber has used it. */
int fiber_start(void (*fn)(void *arg), void *arg);

/* The running fiber; NULL outside of any. */
struct fiber *fiber_self(void);
/* Lets the others run; returns when it is this one's turn again. */
void fiber_yield(void);
/* 0 after ms; -1 at once if this fiber is, or while it waits gets, cancelled. */
int fiber_sleep(int64_t ms);

/* Tells a fiber to stop: from now on each of its waits ends with
 * WAIT_CANCELLED at once, so that it winds up by itself. Sticky. */
void fiber_cancel(struct fiber *fiber);
bool fiber_cancelled(void);

/* How many there are, and at most may be (20,000 unless set). */
size_t fibers_alive(void);
void fibers_set_limit(size_t limit);

/* --- One wait ------------------------------------------------------------ */

enum wait_result { WAIT_WOKEN, WAIT_TIMEOUT, WAIT_CANCELLED };

/* Lives on the waiter's stack; good for one wait. The first wake wins; a wake
 * before the park makes the park return at once; later wakes do nothing. */
struct wait {
    struct fiber *fiber;
    bool woken;
    bool parked;
};

/* To be called in the fiber that will park. */
void wait_init(struct wait *wait);
/* `deadline` on clock_ms(), or DEADLINE_NONE. After it returns nobody may wake
 * this wait any more: what could still do so must be detached. */
enum wait_result wait_park(struct wait *wait, int64_t deadline);
/* From a callback or a fiber; does not switch. */
void wait_wake(struct wait *wait);

/* --- What the loop needs ------------------------------------------------- */

/* Wakes all whose deadline is not after `now`, on clock_ms(). */
void fibers_wake_overdue(int64_t now);
/* Runs each fiber that was ready. */
void fibers_run_ready(void);
bool fibers_are_ready(void);
/* The next deadline of a parked fiber; DEADLINE_NONE where there is none. */
int64_t fibers_next_deadline(void);
/* Frees pooled stacks (at exit, so that leak checkers see nothing). */
void fibers_free_pool(void);

/* --- For group.c --------------------------------------------------------- */

/* Parks in a way that cancelling cannot end; instead, fiber_cancel on the
 * parked fiber calls on_cancel(arg) once (at once if it was cancelled before). */
void wait_park_always(struct wait *wait, void (*on_cancel)(void *arg), void *arg);

#endif
