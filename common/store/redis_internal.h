/* redis_internal: what redis.c (commands) and redis_keeper.c (the connection) share. */
#ifndef STORE_REDIS_INTERNAL_H
#define STORE_REDIS_INTERNAL_H

#include <hiredis/async.h>

#include "loop/sync.h"
#include "net/url.h"
#include "store/redis.h"

struct redis {
    struct url url;
    char database[16];          /* "0" */
    redisAsyncContext *context; /* NULL: none; may still be connecting */
    bool up;                    /* it answered a PING, and no call has run into its deadline since */
    struct group keeper;
    struct wait *keeper_waits;  /* for the connection's end, or before the next try */
    struct wait_queue attempts; /* who wants to know how the next try ends */
    struct err why;             /* why it is not up */
    bool trouble_is_told;

    int64_t gets, hits, sets, dels, failures, connects;
};

/* --- redis.c ------------------------------------------------------------------------- */

struct redis_arguments {
    int count;
    const char *values[6];
    size_t lengths[6];
};

#define REDIS_ARGUMENTS(...) redis_arguments_of((const char *[]){__VA_ARGS__, NULL})
/* Borrows the strings; values ends with NULL. */
struct redis_arguments redis_arguments_of(const char *const *values);

/* One command on whatever connection there is, up or not yet. out: gets a string
 * reply, may be NULL; found: false for a nil, may be NULL. */
int redis_ask(struct redis *redis, const struct redis_arguments *arguments, int64_t deadline, struct buf *out,
              bool *found, struct err *err);

/* --- redis_keeper.c -------------------------------------------------------------------- */

/* Takes the connection down for all: those that wait get ERR_BROKEN at once. */
void redis_take_down(struct redis *redis, const char *why);

#endif
