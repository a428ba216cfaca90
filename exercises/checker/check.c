#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static struct check_result *result;

void check_report_to(struct check_result *shared)
{
    result = shared;
}

void check_end(enum outcome outcome)
{
    result->outcome = outcome;
    fflush(NULL);
    _exit(0);
}

void set_context(struct text text, ...)
{
    va_list args;
    va_start(args, text);
    vsnprintf(result->context, sizeof result->context, text_of(text), args);
    va_end(args);
}

const char *current_context(void)
{
    return result->context;
}

void fail(struct text text, ...)
{
    va_list args;
    va_start(args, text);
    vsnprintf(result->message, sizeof result->message, text_of(text), args);
    va_end(args);
    check_end(FAILED);
}

void fail_here(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(result->message, sizeof result->message, fmt, args);
    va_end(args);
    check_end(UNABLE);
}
