/* trace_context: what follows a request from service to service, so that one can
 * find all that it caused (w3.org, "Trace Context", level 1).
 *
 *     traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
 *                  version, trace-id, parent-id, flags
 *
 * Nothing here records spans, so the parent stays as it came: an id of our own in
 * its place would name a span that nobody can ever find. The trace then shows the
 * services before and behind us as neighbours. For the same reason none is made
 * where none came: X-Request-Id, which we do make, leads through the logs.
 */
#ifndef NET_TRACE_CONTEXT_H
#define NET_TRACE_CONTEXT_H

#include <stdbool.h>

enum {
    TRACE_PARENT_SIZE = 55 + 1,
    TRACE_STATE_SIZE = 512 + 1, /* everybody passes on that much: a longer one is dropped whole */
    TRACE_ID_SIZE = 32 + 1,
};

struct trace_context {
    const char *request_id; /* X-Request-Id; borrowed */
    char parent[TRACE_PARENT_SIZE]; /* "": none that can be passed on */
    char state[TRACE_STATE_SIZE];   /* tracestate; only with a parent */
};

/* Takes the value of a traceparent over, as version 00. False: malformed, and there is none. */
bool trace_set_parent(struct trace_context *trace, const char *value);
/* The next tracestate: several count as one, joined by commas. False: malformed or too long, and there is none. */
bool trace_add_state(struct trace_context *trace, const char *value);
/* The trace-id; "" where there is none. */
void trace_id(const struct trace_context *trace, char id[TRACE_ID_SIZE]);

#endif
