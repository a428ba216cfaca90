/* retry_budget: limits retries, so that they cannot make an overload worse.
 *
 * Retries help when a single instance fails. When all fail, three attempts for each call
 * mean three times the load, at the worst moment. So retries get a budget: a fifth of the
 * calls of the last ten seconds, and forty more, so that a caller with little traffic can
 * retry at all. (RetryBudget of Finagle.) The window has ten buckets of one second.
 */
#ifndef CLIENT_RETRY_BUDGET_H
#define CLIENT_RETRY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

enum {
    RETRY_WINDOW_S = 10,
    RETRY_PERCENT = 20, /* of the calls in the window … */
    RETRY_SPARE = 40,   /* … plus this many */
};

/* Zero-initialise. */
struct retry_budget {
    int64_t second; /* of the newest bucket */
    uint64_t calls[RETRY_WINDOW_S], retries[RETRY_WINDOW_S];
    uint64_t all_calls, all_retries; /* the sums */
};

/* Counts a call. */
void retry_budget_call(struct retry_budget *budget, int64_t now_ms);
/* True: one retry is allowed, and is counted. */
bool retry_budget_take(struct retry_budget *budget, int64_t now_ms);
/* The number of retries that are allowed now. */
uint64_t retry_budget_left(struct retry_budget *budget, int64_t now_ms);

#endif
