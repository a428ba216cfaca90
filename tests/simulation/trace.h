/* trace: the events of a run, in order, and the first promise that was broken.
 *
 * Only changes are noted (a fault, a check that turns, a list that differs, a call
 * that fails), not the thousands of calls between them that succeeded. The text is
 * put together only when it is written.
 */
#ifndef SIMULATION_TRACE_H
#define SIMULATION_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "loop/sync.h"
#include "simulation/settings.h"

enum { TRACE_KEPT = 256 };

struct trace_event {
    int64_t at_ms;
    const char *actor, *what; /* static, or as long as the world lives */
    int64_t number;
};

struct trace {
    uint64_t seed;
    int64_t minutes; /* 0: a story (story.h) */
    const struct settings *settings;
    struct trace_event events[TRACE_KEPT]; /* a ring */
    uint64_t count;
    char broken[400];       /* the first broken promise; "": none */
    struct wait_queue over; /* woken when a promise is broken */
};

void trace_note(struct trace *trace, const char *actor, const char *what, int64_t number);
/* A promise is broken. If it is the first one, writes the report and wakes `over`. */
void trace_break(struct trace *trace, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Writes to standard error: the reason, the settings, the last events (oldest first), and
 * the command that repeats the run. */
void trace_report(const struct trace *trace, const char *reason);
/* To standard error: the settings, and the bounds that follow from them. */
void trace_write_settings(const struct trace *trace);
/* From now on each event of any trace is also written at once. */
void trace_be_verbose(void);

#endif
