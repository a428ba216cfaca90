#include "client/call_limit.h"

#include <errno.h>

#include "base/own_limit.h"

bool call_limit_try(struct call_limit *limit)
{
    if (limit->max > 0 && limit->running >= limit->max)
        return false;
    limit->running++;
    return true;
}

int call_limit_wait(struct call_limit *limit, int64_t deadline, struct err *err)
{
    while (!call_limit_try(limit))
        if (wait_queue_park(&limit->waiting, deadline) != WAIT_WOKEN) {
            own_limit_log(EMFILE);
            return err_set(err, ERR_BUSY, "at the limit of %zu concurrent calls to other services", limit->max);
        }
    return 0;
}

void call_limit_end(struct call_limit *limit)
{
    limit->running--;
    wait_queue_wake_one(&limit->waiting);
}
