#include "simulation/trace.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"

static bool verbose;

static void write_event(const struct trace_event *event)
{
    fprintf(stderr, "%10.3f s  %-14s %s %" PRId64 "\n", (double)event->at_ms / 1000, event->who, event->what,
            event->number);
}

void trace_note(struct trace *trace, const char *who, const char *what, int64_t number)
{
    struct trace_event *event = &trace->events[trace->count++ % TRACE_KEPT];
    *event = (struct trace_event){.at_ms = clock_ms(), .who = who, .what = what, .number = number};
    if (verbose)
        write_event(event);
}

void trace_write(const struct trace *trace)
{
    uint64_t first = trace->count > TRACE_KEPT ? trace->count - TRACE_KEPT : 0;
    for (uint64_t i = first; i < trace->count; i++)
        write_event(&trace->events[i % TRACE_KEPT]);
}

void trace_be_verbose(void)
{
    verbose = true;
}
