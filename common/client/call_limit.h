/* call_limit: how many calls may run at the same time.
 *
 * A call needs a file descriptor for its connection. Without this limit, calls would fail
 * at the limit of descriptors, although one becomes free in a moment. A backup request
 * needs one, too. It does not wait: while it waits, the first attempt may get its reply.
 */
#ifndef CLIENT_CALL_LIMIT_H
#define CLIENT_CALL_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/sync.h"

/* Zero-initialise. */
struct call_limit {
    size_t max; /* 0: no limit */
    size_t running;
    struct wait_queue waiting;
};

/* Waits for a turn. -1: ERR_BUSY: none until the deadline. */
int call_limit_wait(struct call_limit *limit, int64_t deadline, struct err *err);
/* Takes a turn if there is one now. */
bool call_limit_try(struct call_limit *limit);
/* Ends a turn. */
void call_limit_end(struct call_limit *limit);

#endif
