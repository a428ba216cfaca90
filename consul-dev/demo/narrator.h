/* narrator: prints the steps of the demo, and counts the checks that failed.
 *
 * Each step prints what is expected, what was seen, and how long it took. Colours are
 * used only on a terminal. With PAUSE=1 it waits for Enter after each step.
 */
#ifndef DEMO_NARRATOR_H
#define DEMO_NARRATOR_H

#include <stdbool.h>
#include <stdint.h>

/* registry: its name, for %s in the texts of step_begin(). ui: where its web UI is: each pause shows it. Borrowed. */
void narrator_open(const char *registry, const char *ui);

/* Each text may have one %s: the registry's name. */
void step_begin(const char *title, const char *expected);
/* Prints one line about what was seen. */
void step_seen(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Prints one line, marked ✓ or ✗. Returns `held`. */
bool step_check(bool held, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void step_end(void);

/* "1.2 s" for milliseconds; "(not in time)" for -1. Valid for the next three calls, which is enough for one line. */
const char *seconds(int64_t ms);

/* Prints the result; returns the exit code. */
int narrator_close(void);

#endif
