/* narrator: tells the story to a person, and remembers whether it came true.
 *
 * Each step says what is expected, what was seen, and how long it took. Colour
 * only on a terminal. With PAUSE=1 it waits for a key after each step.
 */
#ifndef DEMO_NARRATOR_H
#define DEMO_NARRATOR_H

#include <stdbool.h>
#include <stdint.h>

/* look_at: an address worth a look while the story pauses; borrowed. */
void narrator_open(const char *look_at);

void step_begin(const char *title, const char *expected);
/* One line of what was seen. */
void step_seen(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* One line, marked as held or not. Returns `held`. */
bool step_check(bool held, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void step_end(void);

/* "1.2 s" for milliseconds; "(not in time)" for -1. For the arguments of one line. */
const char *seconds(int64_t ms);

/* The last word; returns the exit code. */
int narrator_close(void);

#endif
