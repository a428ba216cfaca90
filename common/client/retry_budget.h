/* retry_budget: retries help against single failures and feed storms.
 *
 * When everything fails, three attempts a call mean three times the load, just
 * when there is least to spare. So retries get a budget: a fifth of the calls of
 * the last ten seconds, and forty on top so that a caller with little traffic may
 * retry at all. (Finagle's RetryBudget.) A window of ten buckets of a second.
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

void retry_budget_call(struct retry_budget *budget, int64_t now_ms);
/* True: one retry may be made, and is counted. */
bool retry_budget_take(struct retry_budget *budget, int64_t now_ms);
/* How many may be made now. */
uint64_t retry_budget_left(struct retry_budget *budget, int64_t now_ms);

#endif
