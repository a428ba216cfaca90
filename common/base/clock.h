/* clock: the only source of time.
 *
 * Logic uses monotonic milliseconds, which never jump when the machine's clock is
 * set. Wall-clock time is for people, and for data that outlives the process. Under
 * test the clock is virtual: it stands still until a test moves it, so an hour of
 * faults takes milliseconds and repeats exactly.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A deadline is a moment on clock_ms(); this one never passes. */
#define DEADLINE_NONE INT64_MAX

int64_t clock_ms(void);      /* monotonic, milliseconds */
int64_t clock_us(void);      /* monotonic, microseconds: for measuring latency */
int64_t clock_wall_ms(void); /* since 1970-01-01 UTC; may jump */

/* The moment `ms` from now; never overflows. */
int64_t deadline_in(int64_t ms);
/* The earlier of two: a step must not last longer than the whole call. */
int64_t deadline_min(int64_t a, int64_t b);
/* Milliseconds left, 0 if it has passed, INT64_MAX for DEADLINE_NONE. */
int64_t deadline_left(int64_t deadline);

/* Tests only: from now on the time is start_ms, and only clock_advance_to moves it. */
void clock_make_virtual(int64_t start_ms);
void clock_make_real(void);
bool clock_is_virtual(void);
void clock_advance_to(int64_t ms);
/* Simulates that the machine's clock is moved by `ms`: only wall time changes. */
void clock_jump_wall(int64_t ms);

#endif
