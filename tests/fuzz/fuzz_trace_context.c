/* Fuzzes the parsers of traceparent and tracestate from clients, which become headers of our own requests. */
#include "fuzz/fuzz.h"
#include "net/trace_context.h"

FUZZ(text, len)
{
    struct trace_context trace = {.request_id = ""};
    char id[TRACE_ID_SIZE];
    (void)len;
    if (trace_set_parent(&trace, text) != (strlen(trace.parent) == TRACE_PARENT_SIZE - 1))
        abort();
    trace_id(&trace, id);
    if (*trace.parent && (strncmp(trace.parent, "00-", 3) != 0 || strlen(id) != TRACE_ID_SIZE - 1))
        abort();
    trace_add_state(&trace, "a=1");
    if (trace_add_state(&trace, text) ? strpbrk(trace.state, "\r\n") != NULL : *trace.state != '\0')
        abort();
}
