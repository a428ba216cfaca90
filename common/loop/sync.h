/* sync: fibers that wait for each other. Four small things, built on fiber.h.
 *
 * No locks: fibers switch only where they wait, so data needs no guarding. What
 * is left is waiting: for a turn (queue), for children (group), for somebody
 * else's answer to the same question (flight), and before the next try (backoff).
 */
#ifndef LOOP_SYNC_H
#define LOOP_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/fiber.h"

/* --- queue: waiters, first come, first served -------------------------------- */

struct wait_queue {
    struct queued_wait *first, *last;
};

/* Parks the running fiber until a wake reaches it. */
enum wait_result wait_queue_park(struct wait_queue *queue, int64_t deadline);
/* Wakes the one that waits longest; false where nobody waits. */
bool wait_queue_wake_one(struct wait_queue *queue);
void wait_queue_wake_all(struct wait_queue *queue);

/* --- group: children that end before their parent goes on --------------------- */

/* Lives in the parent (its stack, or a struct that outlives the join). */
struct group {
    struct group_child *children;
    struct wait *joiner;
};

/* Starts fn(arg) as a child. 0, or -1 as fiber_start. */
int group_go(struct group *group, void (*fn)(void *arg), void *arg);
/* Cancels every child; they are still to be joined. */
void group_cancel(struct group *group);
/* Waits until all have ended. Cancelling the joiner cancels the children, and
 * still waits for them: they may point into the joiner's stack. */
void group_join(struct group *group);

/* --- flight: many ask the same at once, one goes and asks ---------------------- */

/* Keyed by a number; all fields are private. Zero-initialise. */
struct flight {
    struct flight_call *calls;
};

/* Runs fn(arg) for this key, or, where such a call is under way already, waits
 * for that one's end instead. True: this fiber ran it. False: another did (see
 * what it left where both can look), or *result says why the wait was given up.
 * Callers of one key must mean the same `fn`. The leader's deadline is its own. */
bool flight_run(struct flight *flight, uint64_t key, void (*fn)(void *arg), void *arg, int64_t deadline,
                enum wait_result *result);

/* --- backoff: wait longer after each failure, never all in step ----------------- */

struct backoff {
    int64_t first_ms, cap_ms;
    int64_t next_ms; /* 0: no failure yet */
};

#define BACKOFF_INIT(first, cap) {.first_ms = (first), .cap_ms = (cap)}

/* first × 1.6ⁿ up to cap, each ± 20 % (the jitter keeps callers that failed
 * together from coming back together; gRPC's connection backoff has the same
 * numbers). Never over the cap. */
int64_t backoff_next(struct backoff *backoff);
void backoff_reset(struct backoff *backoff);

#endif
