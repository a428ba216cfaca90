/* trace: what happened, in order, to be read when a promise is broken.
 *
 * Only changes are noted (a fault, a check that turns, a list that differs, a
 * call that fails), not the thousands of calls between them that went well. The
 * text is put together when it is read.
 */
#ifndef SIMULATION_TRACE_H
#define SIMULATION_TRACE_H

#include <stddef.h>
#include <stdint.h>

enum { TRACE_KEPT = 256 };

struct trace_event {
    int64_t at_ms;
    const char *who, *what; /* static, or as long as the world lives */
    int64_t number;
};

/* Zero-initialise. */
struct trace {
    struct trace_event events[TRACE_KEPT]; /* a ring */
    uint64_t count;
};

void trace_note(struct trace *trace, const char *who, const char *what, int64_t number);
/* To standard error, oldest first. */
void trace_write(const struct trace *trace);
/* From now on notes of any trace are also written at once. */
void trace_be_verbose(void);

#endif
