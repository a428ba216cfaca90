#include "fake.h"

#include <stdarg.h>
#include <stdio.h>

int err_set(struct err *why, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(why->text, sizeof why->text, fmt, args);
    va_end(args);
    return -1;
}

static int answer_as(struct fake *fake, const char *name, deadline_t until, struct err *why)
{
    fake->calls++;
    fake->until = until;
    switch (fake->state) {
    case STOPPED:
        return err_set(why, "%s: connection refused", name);
    case HUNG:
        return err_set(why, "%s: no answer in time", name);
    default:
        return 0;
    }
}

int pg_select_1(struct deps *deps, deadline_t until, struct err *why)
{
    return answer_as(&deps->postgres, "postgres", until, why);
}

int redis_ping(struct deps *deps, deadline_t until, struct err *why)
{
    return answer_as(&deps->redis, "redis", until, why);
}

int disk_free_percent(struct deps *deps, deadline_t until, struct err *why)
{
    return answer_as(&deps->disk, "disk", until, why) == 0 ? deps->free_percent : -1;
}
