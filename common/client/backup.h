/* backup: sends a call to a second instance if the first one does not reply soon.
 *
 * A hung or slow instance makes its callers wait until the attempt times out. So an attempt without a reply after
 * CALL_BACKUP_AFTER gets company: the same call, sent to another instance. The first usable reply wins, and the other
 * attempt is cancelled. If one of the two fails, the other is still waited for. (The hedged request of Dean and
 * Barroso, "The Tail at Scale", CACM 2013; brpc's backup request; gRPC's hedging, gRFC A6.)
 *
 * While two attempts run, each has a fiber and a reply of its own. Both have ended when the call returns.
 */
#ifndef CLIENT_BACKUP_H
#define CLIENT_BACKUP_H

#include "client/attempt.h"

/* The two attempts: 0 is the first, 1 is the backup. `arg` is passed to both functions. */
struct backup {
    int64_t after_ms;
    /* Makes one of the attempts. Waits; runs in a fiber that may be cancelled. */
    struct attempt (*attempt)(void *arg, int which, struct service_reply *reply);
    /* Chooses the instance of the backup, in its fiber. False: there will be no backup. */
    bool (*choose)(void *arg);
    void *arg;
};

struct backup_result {
    struct attempt attempt; /* the one that decides: the first success, or else the last failure */
    bool won;               /* it is the backup's, and the first attempt still had no reply */
};

/* Fills the reply with that of the deciding attempt, but leaves its source. Waits. */
struct backup_result backup_run(const struct backup *backup, struct service_reply *reply);

#endif
