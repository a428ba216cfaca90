#include "client/retry_budget.h"

/* Empties the buckets of the seconds since the last call. Returns the newest bucket. */
static int move_window(struct retry_budget *budget, int64_t now_ms)
{
    int64_t second = now_ms / 1000;
    int64_t behind = second - budget->second;
    for (int64_t i = 0; i < behind && i < RETRY_WINDOW_S; i++) {
        int bucket = (int)((second - i) % RETRY_WINDOW_S);
        budget->all_calls -= budget->calls[bucket];
        budget->all_retries -= budget->retries[bucket];
        budget->calls[bucket] = budget->retries[bucket] = 0;
    }
    if (behind > 0)
        budget->second = second;
    return (int)(budget->second % RETRY_WINDOW_S);
}

void retry_budget_call(struct retry_budget *budget, int64_t now_ms)
{
    budget->calls[move_window(budget, now_ms)]++;
    budget->all_calls++;
}

uint64_t retry_budget_left(struct retry_budget *budget, int64_t now_ms)
{
    move_window(budget, now_ms);
    uint64_t all = budget->all_calls * RETRY_PERCENT / 100 + RETRY_SPARE;
    return all > budget->all_retries ? all - budget->all_retries : 0;
}

bool retry_budget_take(struct retry_budget *budget, int64_t now_ms)
{
    int bucket = move_window(budget, now_ms);
    if (retry_budget_left(budget, now_ms) == 0)
        return false;
    budget->retries[bucket]++;
    budget->all_retries++;
    return true;
}
