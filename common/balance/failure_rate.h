/* failure_rate: which instance fails much more of its calls than the others do.
 *
 * An instance that fails half of its calls may never fail five times in a row, so outlier.h
 * alone does not find it. Therefore calls and failures are counted in intervals of 5 s. At the
 * end of an interval, an instance that has failed 30 % of its calls or more, and clearly more
 * than the others together, is ejected. (Outlier detection of Envoy: `failure_percentage` over
 * an interval, with a request volume. Envoy ejects at 85 % by default, whatever the others do.
 * Its `success_rate` compares with the others, by standard deviations, as this file does.)
 *
 * If all fail alike, the cause is something that they share, and no instance is ejected. For the
 * same reason a lone instance never is.
 *
 * The numbers: wherever in an interval an instance begins to fail, a whole one ends within 10 s.
 * At 16 calls a second it has 80 calls to the instance. If each fails by the toss of a coin, 30 %
 * or more fail with a probability of 0.9999. An instance that fails no more often than the others
 * is ejected by chance less than once in 40,000 intervals, and less than once in a million if a
 * call to any of them fails with a probability of at most 5 % (tests/test_failure_rate.c).
 */
#ifndef BALANCE_FAILURE_RATE_H
#define BALANCE_FAILURE_RATE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    FAILURE_RATE_INTERVAL_MS = 5000, /* Envoy's `interval`: 10 s */
    FAILURE_RATE_PERCENT = 30,       /* `failure_percentage_threshold`: 85 */
    FAILURE_RATE_CALLS = 40,         /* in an interval, of the instance, and of the others together;
                                      * `failure_percentage_request_volume`: 50 */
    FAILURE_RATE_DEVIATIONS = 5,     /* between the instance and the others; `success_rate_stdev_factor`: 1.9 */
};

/* The calls of an interval. Zero-initialise. */
struct failure_tally {
    uint32_t interval, calls, failures;
};

/* The current interval, over all instances. Zero-initialise. */
struct failure_rate {
    int64_t end_ms;
    struct failure_tally all;
};

/* True: the interval is over. Judge the instances if it is recent, then begin the next one. */
bool failure_rate_is_over(const struct failure_rate *rate, int64_t now_ms);
/* False: it is long over, because there were no calls. What failed then may be well by now. */
bool failure_rate_is_recent(const struct failure_rate *rate, int64_t now_ms);
void failure_rate_begin(struct failure_rate *rate, int64_t now_ms);
/* A call to the instance with this tally has ended. */
void failure_rate_count(struct failure_rate *rate, struct failure_tally *tally, bool success);

/* True: the interval has enough failures for a verdict on any instance. */
bool failure_rate_has_failures(const struct failure_rate *rate);
/* True: in this interval, the instance with this tally has failed clearly more of its calls than the others. */
bool failure_rate_stands_out(const struct failure_rate *rate, const struct failure_tally *tally);
/* Of the calls in the tally, and of the calls to all others. */
unsigned failure_rate_percent(const struct failure_tally *tally);
unsigned failure_rate_others_percent(const struct failure_rate *rate, const struct failure_tally *tally);

#endif
