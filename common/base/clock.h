/* clock: the one place where time comes from.
 *
 * Logic uses monotonic milliseconds: they never jump when somebody sets the
 * machine's clock. Wall-clock time is for people and for what outlives the
 * process. Under test the clock is virtual: it stands still until it is moved,
 * so that an hour of faults takes milliseconds and repeats exactly.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A deadline is a moment on clock_ms(); this one never comes. */
#define DEADLINE_NONE INT64_MAX

int64_t clock_ms(void);      /* monotonic, milliseconds */
int64_t clock_us(void);      /* monotonic, microseconds: for measuring latency */
int64_t clock_wall_ms(void); /* since 1970-01-01 UTC; may jump */

/* The moment `ms` from now; never overflows. */
int64_t deadline_in(int64_t ms);
/* The earlier of two: a part may never outlive the whole. */
int64_t deadline_min(int64_t a, int64_t b);
/* Milliseconds left, 0 if it has passed, INT64_MAX for DEADLINE_NONE. */
int64_t deadline_left(int64_t deadline);

/* Tests only: from now on time stands at start_ms and moves by clock_advance. */
void clock_make_virtual(int64_t start_ms);
void clock_make_real(void);
bool clock_is_virtual(void);
void clock_advance_to(int64_t ms);
/* Somebody sets the machine's clock, by so much: only wall time may notice. */
void clock_jump_wall(int64_t ms);

#endif
