/* fiber: code that waits as if it blocked, while its thread runs other fibers.
 *
 * A fiber is a function with a stack of its own. When it has to wait, it parks: the
 * thread runs another fiber, and continues this one after a wake or at its deadline.
 * So a request handler, a watch or a heartbeat is straight-line code: no locks, no
 * callbacks, no state machines. (Conway called them coroutines in 1963. Why they suit
 * servers: Adya et al., "Cooperative Task Management without Manual Stack Management",
 * USENIX 2002.)
 *
 * Fibers switch only where they wait: between two waits no other fiber runs. A
 * callback of a library never runs a fiber. It calls wait_wake(), and the loop runs
 * the fiber soon after (loop.h).
 *
 *     struct wait wait;
 *     wait_init(&wait);
 *     some_library_start(..., on_done, &wait);      // on_done calls wait_wake(&wait)
 *     if (wait_park(&wait, deadline) != WAIT_WOKEN) // timed out or cancelled: on_done must not run any more
 *         some_library_abort(...);
 *
 * This module does not use sockets. Its time is clock.h's, so it may be virtual.
 */
#ifndef LOOP_FIBER_H
#define LOOP_FIBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fiber;

/* Starts fn(arg), which runs soon, never inside this call. 0, or -1 at the limit
 * of fibers or out of memory. `arg` must live as long as the fiber uses it. */
int fiber_start(void (*fn)(void *arg), void *arg);

/* The running fiber; NULL if none runs. */
struct fiber *fiber_self(void);
/* Lets the other ready fibers run first. */
void fiber_yield(void);
/* 0 after ms; -1 as soon as this fiber is cancelled. */
int fiber_sleep(int64_t ms);

/* Asks a fiber to end: from now on each of its waits returns WAIT_CANCELLED at
 * once. Cannot be undone. */
void fiber_cancel(struct fiber *fiber);
bool fiber_cancelled(void);

/* How many fibers exist, and how many may exist at once (20,000 unless set). */
size_t fibers_alive(void);
void fibers_set_limit(size_t limit);

/* --- One wait ------------------------------------------------------------ */

enum wait_result { WAIT_WOKEN, WAIT_TIMEOUT, WAIT_CANCELLED };

/* Lives on the waiter's stack, for one wait. The first wake ends it; later wakes have
 * no effect. A wake before the park makes the park return at once. */
struct wait {
    struct fiber *fiber;
    bool woken;
    bool parked;
};

/* Called in the fiber that will park. */
void wait_init(struct wait *wait);
/* `deadline` on clock_ms(), or DEADLINE_NONE. After it returns this wait must not be
 * woken any more: detach whatever could still wake it. */
enum wait_result wait_park(struct wait *wait, int64_t deadline);
/* From a callback or a fiber; does not switch. */
void wait_wake(struct wait *wait);

/* --- For loop.c ------------------------------------------------------ */

/* Ends each wait whose deadline has passed at `now`, on clock_ms(). */
void fibers_wake_overdue(int64_t now);
/* Runs each fiber that is ready now. */
void fibers_run_ready(void);
bool fibers_are_ready(void);
/* The earliest deadline of a parked fiber; DEADLINE_NONE: no parked fiber has one. */
int64_t fibers_next_deadline(void);
/* Frees pooled stacks (at exit, so that leak checkers report nothing). */
void fibers_free_pool(void);

/* --- For sync.c ---------------------------------------------------------- */

/* Parks until a wake. fiber_cancel does not end this wait: it calls on_cancel(arg)
 * once (at once, if the fiber was cancelled before). */
void wait_park_always(struct wait *wait, void (*on_cancel)(void *arg), void *arg);

#endif
