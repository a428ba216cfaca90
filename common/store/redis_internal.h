/* redis_internal: what the parts of redis share. The files, lowest first; each
 * uses only those above it in this list:
 *
 *   redis_uv.[ch]      hiredis on the loop
 *   redis_internal.h   the structs below
 *   redis_command.c    sends one command, or the probe, and waits for the reply
 *   redis_keeper.c     the fiber that opens the connection, and opens it again
 *   redis.[ch]         create, close, the commands, metrics
 */
#ifndef STORE_REDIS_INTERNAL_H
#define STORE_REDIS_INTERNAL_H

#include <hiredis/async.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log_repeat.h"
#include "loop/sync.h"
#include "net/url.h"

struct redis {
    struct url url;
    char database[16];          /* its number, such as "0" */
    redisAsyncContext *context; /* NULL: none; may still be connecting */
    const char *probe_key;      /* for redis_send_probe */
    bool up;                    /* it passed the probe, and no call has timed out since */
    struct group keeper;
    struct wait *keeper_wait;   /* the keeper waits for the connection's end or for the next attempt */
    struct wait_queue attempts; /* pings that wait for the result of the next attempt to connect */
    struct err why;             /* why it is not up */
    bool down_logged;           /* this outage has a line … */
    struct log_repeat outage;   /* … and gets another one when its reason changes */
    struct err suspicion; /* an error reply after which the keeper repeats the probe; ERR_NONE: none */
    struct log_repeat refusal;

    int64_t gets, hits, sets, dels, failures, connects;
};

/* --- redis_command.c -------------------------------------------------------------- */

struct redis_arguments {
    int count;
    const char *values[6];
    size_t lengths[6];
};

#define REDIS_ARGUMENTS(...) redis_arguments_of((const char *[]){__VA_ARGS__, NULL})
/* Borrows the strings; values ends with NULL. */
struct redis_arguments redis_arguments_of(const char *const *values);

/* Sends one command on the present connection, even if it is not up yet. out: gets a
 * string reply, may be NULL. */
int redis_send(struct redis *redis, const struct redis_arguments *arguments, int64_t deadline, struct buf *out,
               struct err *err);

/* Does what a cache does: sets, reads and deletes a key. If Redis refuses one of these, the connection is closed. */
int redis_send_probe(struct redis *redis, int64_t deadline, struct err *err);

/* Closes the connection; each call that waits for a reply gets ERR_BROKEN with this text at once. */
void redis_take_down(struct redis *redis, const char *why);

/* --- redis_keeper.c --------------------------------------------------------------- */

/* Redis replied with this error to a command. Starts the probe, if it is not running. */
void redis_suspect(struct redis *redis, const struct err *err);

/* A fiber (arg: struct redis *): keeps it connected until cancelled. */
void redis_keep_connected(void *arg);

#endif
