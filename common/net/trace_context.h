/* trace_context: the headers that follow a request from service to service, so that
 * all calls made for one request can be found (w3.org, "Trace Context", level 1).
 *
 *     traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
 *                  version, trace-id, parent-id, flags
 *
 * We record no spans, so the parent is passed on unchanged: an id of our own would name
 * a span that does not exist. In the trace, the services before and after us appear as
 * neighbours. For the same reason we create no parent if a request has none. To follow
 * such a request through the logs there is X-Request-Id, which we do create.
 */
#ifndef NET_TRACE_CONTEXT_H
#define NET_TRACE_CONTEXT_H

#include <stdbool.h>

enum {
    TRACE_PARENT_SIZE = 55 + 1,
    TRACE_STATE_SIZE = 512 + 1, /* every service must pass on this length; a longer one is dropped whole */
    TRACE_ID_SIZE = 32 + 1,
};

struct trace_context {
    const char *request_id; /* X-Request-Id; borrowed */
    char parent[TRACE_PARENT_SIZE]; /* "": none to pass on */
    char state[TRACE_STATE_SIZE];   /* tracestate; only with a parent */
};

/* Stores the value of a traceparent, as version 00. False: malformed; then there is no parent. */
bool trace_set_parent(struct trace_context *trace, const char *value);
/* Adds the next tracestate; several are joined by commas. False: malformed or too long; then there is
 * no state. */
bool trace_add_state(struct trace_context *trace, const char *value);
/* The trace-id; "" if there is no parent. */
void trace_id(const struct trace_context *trace, char id[TRACE_ID_SIZE]);

#endif
