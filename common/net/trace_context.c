#include "net/trace_context.h"

#include <stdio.h>
#include <string.h>

/* Offsets and lengths in a traceparent. */
enum { ID_AT = 3, ID_LEN = 32, PARENT_AT = 36, PARENT_LEN = 16, FLAGS_AT = 53 };

/* Lower case only. */
static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_zero(const char *text, size_t len)
{
    return strspn(text, "0") >= len;
}

/* A later version starts with the same fields; more may follow. */
static bool is_parent(const char *value)
{
    static const char shape[] = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
    for (size_t i = 0; shape[i]; i++)
        if (shape[i] == '-' ? value[i] != '-' : !is_hex(value[i]))
            return false;
    if (strncmp(value, "ff", 2) == 0 || is_zero(value + ID_AT, ID_LEN) || is_zero(value + PARENT_AT, PARENT_LEN))
        return false;
    char next = value[TRACE_PARENT_SIZE - 1];
    return next == '\0' || (next == '-' && strncmp(value, "00", 2) != 0);
}

/* A parent of a later version is stored as version 00, with that version's only flag: sampled. */
bool trace_set_parent(struct trace_context *trace, const char *value)
{
    trace->parent[0] = '\0';
    if (!is_parent(value))
        return false;
    snprintf(trace->parent, sizeof trace->parent, "%s", value);
    if (strncmp(value, "00", 2) == 0)
        return true;
    bool sampled = strchr("13579bdf", value[FLAGS_AT + 1]) != NULL;
    memcpy(trace->parent, "00", 2);
    memcpy(trace->parent + FLAGS_AT, sampled ? "01" : "00", 2);
    return true;
}

bool trace_add_state(struct trace_context *trace, const char *value)
{
    size_t len = strlen(trace->state), room = sizeof trace->state - len;
    bool valid = true;
    for (const char *c = value; *c; c++)
        valid &= (*c >= ' ' && *c <= '~') || *c == '\t';
    if (valid && (size_t)snprintf(trace->state + len, room, "%s%s", len > 0 && *value ? "," : "", value) < room)
        return true;
    trace->state[0] = '\0';
    return false;
}

void trace_id(const struct trace_context *trace, char id[TRACE_ID_SIZE])
{
    snprintf(id, TRACE_ID_SIZE, "%s", *trace->parent ? trace->parent + ID_AT : "");
}
