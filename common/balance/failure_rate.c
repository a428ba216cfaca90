#include "balance/failure_rate.h"

bool failure_rate_is_over(const struct failure_rate *rate, int64_t now_ms)
{
    return now_ms >= rate->end_ms;
}

bool failure_rate_is_recent(const struct failure_rate *rate, int64_t now_ms)
{
    return now_ms < rate->end_ms + FAILURE_RATE_INTERVAL_MS;
}

void failure_rate_begin(struct failure_rate *rate, int64_t now_ms)
{
    rate->all = (struct failure_tally){.interval = rate->all.interval + 1};
    rate->end_ms = now_ms + FAILURE_RATE_INTERVAL_MS;
}

/* The tally of an earlier interval is reset here, so that the end of an interval need not visit all instances. */
void failure_rate_count(struct failure_rate *rate, struct failure_tally *tally, bool success)
{
    if (tally->interval != rate->all.interval)
        *tally = (struct failure_tally){.interval = rate->all.interval};
    tally->calls++;
    tally->failures += !success;
    rate->all.calls++;
    rate->all.failures += !success;
}

/* --- The verdict --------------------------------------------------------------------- */

static struct failure_tally others_of(const struct failure_rate *rate, const struct failure_tally *tally)
{
    return (struct failure_tally){.calls = rate->all.calls - tally->calls,
                                  .failures = rate->all.failures - tally->failures};
}

/* If both fail the same part of their calls, the difference between what is counted has a standard deviation of
 * sqrt(p (1 - p) (1 / n + 1 / m)): the two-proportion z-test. */
static bool differs_clearly(const struct failure_tally *own, const struct failure_tally *others)
{
    double n = own->calls, m = others->calls;
    double difference = own->failures / n - others->failures / m;
    double p = (own->failures + others->failures) / (n + m);
    double variance = p * (1 - p) * (1 / n + 1 / m);
    return difference > 0 && difference * difference >= FAILURE_RATE_DEVIATIONS * FAILURE_RATE_DEVIATIONS * variance;
}

bool failure_rate_has_failures(const struct failure_rate *rate)
{
    return rate->all.failures * 100 >= FAILURE_RATE_CALLS * FAILURE_RATE_PERCENT;
}

bool failure_rate_stands_out(const struct failure_rate *rate, const struct failure_tally *tally)
{
    struct failure_tally others = others_of(rate, tally);
    if (tally->interval != rate->all.interval || tally->calls < FAILURE_RATE_CALLS || others.calls < FAILURE_RATE_CALLS)
        return false;
    return failure_rate_percent(tally) >= FAILURE_RATE_PERCENT && differs_clearly(tally, &others);
}

unsigned failure_rate_percent(const struct failure_tally *tally)
{
    return tally->calls ? (unsigned)((uint64_t)tally->failures * 100 / tally->calls) : 0;
}

unsigned failure_rate_others_percent(const struct failure_rate *rate, const struct failure_tally *tally)
{
    struct failure_tally others = others_of(rate, tally);
    return failure_rate_percent(&others);
}
