#include "loop/pace.h"

enum { PACE_MS = 500 }; /* between two queries, after two at once */

int64_t pace_wait_ms(const struct pace *pace, int64_t now_ms)
{
    int64_t wait_ms = pace->full_ms - PACE_MS - now_ms;
    return wait_ms > 0 ? wait_ms : 0;
}

void pace_use(struct pace *pace, int64_t now_ms)
{
    pace->full_ms = (pace->full_ms > now_ms ? pace->full_ms : now_ms) + PACE_MS;
}
