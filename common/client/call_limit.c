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
    if (call_limit_try(limit) || wait_queue_park(&limit->waiting, deadline) == WAIT_WOKEN)
        return 0;
    own_limit_log(EMFILE);
    return err_set(err, ERR_BUSY, "at the limit of %zu concurrent calls to other services", limit->max);
}

void call_limit_end(struct call_limit *limit)
{
    /* The call that has waited longest gets this turn. If the turn were free until that call runs, a new call could
     * take it, and the one that was woken would wait behind all others. */
    if (!wait_queue_wake_one(&limit->waiting))
        limit->running--;
}
