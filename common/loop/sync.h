/* sync: fibers that wait for each other. Four small tools, built on fiber.h.
 *
 * There are no locks: fibers switch only where they wait, so data needs no protection.
 * A fiber can wait for its turn (queue), for its children (group), for the result of
 * the same call in another fiber (flight), and before the next try (backoff).
 */
#ifndef LOOP_SYNC_H
#define LOOP_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/fiber.h"

/* --- queue: waiters, first in, first out -------------------------------------- */

struct wait_queue {
    struct queued_wait *first, *last;
};

/* Parks the running fiber until a wake reaches it. */
enum wait_result wait_queue_park(struct wait_queue *queue, int64_t deadline);
/* Wakes the fiber that has waited longest; false if none waits. */
bool wait_queue_wake_one(struct wait_queue *queue);
void wait_queue_wake_all(struct wait_queue *queue);

/* --- group: a parent waits for its children to end ---------------------------- */

/* Lives in the parent (its stack, or a struct that outlives the join). */
struct group {
    struct group_child *children;
    struct wait *joiner;
};

/* Starts fn(arg) as a child. 0, or -1 as fiber_start. */
int group_go(struct group *group, void (*fn)(void *arg), void *arg);
/* Cancels every child; group_join is still needed. */
void group_cancel(struct group *group);
/* Waits until all children have ended. If the waiting fiber is cancelled, so are the
 * children, but it still waits for them: they may point into its stack. */
void group_join(struct group *group);

/* --- flight: concurrent calls for the same key become one (single flight) ------- */

/* Keyed by a number; all fields are private. Zero-initialise. */
struct flight {
    struct flight_call *calls;
};

/* Runs fn(arg) for this key. If such a call already runs, waits for its end instead.
 * True: this fiber ran fn. False: another fiber ran it. Then *result is WAIT_WOKEN if fn
 * has ended, and has left its result where all callers can read it; any other *result is
 * the reason why the wait ended early. All callers with one key must pass the same `fn`.
 * `deadline` limits only the wait, not fn. */
bool flight_run(struct flight *flight, uint64_t key, void (*fn)(void *arg), void *arg, int64_t deadline,
                enum wait_result *result);

/* --- backoff: a longer pause after each failure, with jitter --------------------- */

struct backoff {
    int64_t first_ms, cap_ms;
    int64_t next_ms; /* 0: no failure yet */
};

#define BACKOFF_INIT(first, cap) {.first_ms = (first), .cap_ms = (cap)}

/* The next pause: first × 1.6ⁿ up to cap, ± 20 %, never over the cap. The jitter keeps
 * callers that failed together from retrying together. gRPC's connection backoff uses
 * the same numbers. */
int64_t backoff_next(struct backoff *backoff);
void backoff_reset(struct backoff *backoff);

#endif
