#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void make_printable(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p; p++)
        if (*p < 0x20 || *p == 0x7f)
            *p = '?';
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    if (err->code != ERR_NONE)
        return -1;
    err->code = code;

    va_list args;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    make_printable(err->text);
    return -1;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
    char what[sizeof err->text];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);

    char joined[2 * sizeof err->text + 3];
    snprintf(joined, sizeof joined, "%s: %s", what, err->text);
    memcpy(err->text, joined, sizeof err->text - 1);
    err->text[sizeof err->text - 1] = '\0';
    make_printable(err->text);
    return -1;
}

void err_clear(struct err *err)
{
    err->code = ERR_NONE;
    err->text[0] = '\0';
}

const char *err_name(enum err_code code)
{
    static const char *const names[] = {
        [ERR_NONE] = "none",           [ERR_INVALID] = "invalid",   [ERR_NOT_FOUND] = "not_found",
        [ERR_CONFLICT] = "conflict",   [ERR_BROKEN] = "broken",     [ERR_UNREACHABLE] = "unreachable",
        [ERR_TIMEOUT] = "timeout",     [ERR_CANCELLED] = "cancelled", [ERR_PROTOCOL] = "protocol",
        [ERR_TOO_LARGE] = "too_large", [ERR_BUSY] = "busy",         [ERR_FAILED] = "failed",
        [ERR_AGAIN] = "again",         [ERR_READ_ONLY] = "read_only", [ERR_UNKNOWN_OUTCOME] = "unknown_outcome",
    };
    return names[code];
}
