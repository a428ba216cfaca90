#include "simulation/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"
#include "simulation/bounds.h"

static bool verbose;

static void write_event(const struct trace_event *event)
{
    fprintf(stderr, "%10.3f s  %-14s %s %" PRId64 "\n", (double)event->at_ms / 1000, event->actor, event->what,
            event->number);
}

void trace_note(struct trace *trace, const char *actor, const char *what, int64_t number)
{
    struct trace_event *event = &trace->events[trace->count++ % TRACE_KEPT];
    *event = (struct trace_event){.at_ms = clock_ms(), .actor = actor, .what = what, .number = number};
    if (verbose)
        write_event(event);
}

void trace_write_settings(const struct trace *trace)
{
    const struct settings *s = trace->settings;
    settings_write(s);
    fprintf(stderr, "bounds: return %" PRId64 ", detect %" PRId64 ", learn %" PRId64 "\n", bound_return_ms(s),
            bound_detect_ms(s), bound_learn_ms(s));
}

static void write_reason(const struct trace *trace, const char *reason)
{
    fprintf(stderr, "seed %" PRIu64 " at %.3f s: %s\n", trace->seed, (double)clock_ms() / 1000, reason);
}

void trace_report(const struct trace *trace, const char *reason)
{
    write_reason(trace, reason);
    trace_write_settings(trace);
    uint64_t first = trace->count > TRACE_KEPT ? trace->count - TRACE_KEPT : 0;
    for (uint64_t i = first; i < trace->count; i++)
        write_event(&trace->events[i % TRACE_KEPT]);
    write_reason(trace, reason);
    if (trace->minutes > 0)
        fprintf(stderr, "again: make simulate SEED=%" PRIu64 " MINUTES=%" PRId64 "\n", trace->seed, trace->minutes);
    else
        fprintf(stderr, "again: make simulate SEED=%" PRIu64 " CALLERS=%d INSTANCES=%d\n", trace->seed,
                trace->settings->callers, trace->settings->instances);
}

void trace_break(struct trace *trace, const char *fmt, ...)
{
    if (*trace->broken)
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(trace->broken, sizeof trace->broken, fmt, args);
    va_end(args);
    trace_report(trace, trace->broken);
    wait_queue_wake_all(&trace->over);
}

void trace_be_verbose(void)
{
    verbose = true;
}
