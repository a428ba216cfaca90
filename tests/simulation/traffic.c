#include "simulation/traffic.h"

#include "base/clock.h"

void flow_add(struct flow *flow, uint64_t count)
{
    int64_t second = clock_ms() / 1000;
    if (flow->second != second)
        flow->in_second = 0;
    flow->second = second;
    flow->total += count;
    flow->in_second += count;
    if (flow->in_second > flow->peak)
        flow->peak = flow->in_second;
}
