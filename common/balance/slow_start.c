#include "balance/slow_start.h"

#include "base/rand.h"

/* What it has gained begins at random: otherwise instances that begin together, or callers that see it begin
 * together, would all make their first call at the same time. */
void slow_start_begin(struct slow_start *slow, int64_t window_ms, int64_t now_ms)
{
    *slow = (struct slow_start){.serves = true, .gained = (int)rand_below(SLOW_START_WHOLE), .begin_ms = now_ms,
                                .end_ms = now_ms + window_ms};
}

int slow_start_share(const struct slow_start *slow, int64_t now_ms)
{
    if (now_ms >= slow->end_ms)
        return SLOW_START_WHOLE;
    int share = (int)((now_ms - slow->begin_ms) * SLOW_START_WHOLE / (slow->end_ms - slow->begin_ms));
    return share > SLOW_START_LEAST ? share : SLOW_START_LEAST;
}

bool slow_start_takes_turn(const struct slow_start *slow, int64_t now_ms)
{
    return slow->gained + slow_start_share(slow, now_ms) >= SLOW_START_WHOLE;
}

void slow_start_grant_turn(struct slow_start *slow, int64_t now_ms)
{
    slow->gained = SLOW_START_WHOLE - slow_start_share(slow, now_ms);
}

void slow_start_pass(struct slow_start *slow, int64_t now_ms)
{
    slow->gained += slow_start_share(slow, now_ms);
}

void slow_start_take(struct slow_start *slow, int64_t now_ms)
{
    slow->gained += slow_start_share(slow, now_ms) - SLOW_START_WHOLE;
}
