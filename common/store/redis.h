/* redis: a cache that may be gone at any time, and then costs nothing.
 *
 * One connection that all fibers share: hiredis' async interface pipelines what
 * they send. A cache must never make a request slower than having none. So:
 * while there is no connection that answered a PING, every call fails at once;
 * the first call that runs into its deadline takes the connection down for all
 * (a hung server looks just like a slow one), and a background fiber brings it
 * back with PINGs. That is the whole circuit breaker.
 */
#ifndef STORE_REDIS_H
#define STORE_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct redis;

/* 0 or -1: redis://[user:password@]host[:port][/db]; rediss:// is refused. */
int redis_check_url(const char *url);

/* Starts connecting in the background. The url was checked. NULL only out of memory. */
struct redis *redis_new(const char *url);
/* Called in a fiber; no call may be under way. */
void redis_close(struct redis *redis);

/* Errors of all calls: ERR_UNREACHABLE (no connection; text says why),
 * ERR_TIMEOUT, ERR_BROKEN, ERR_FAILED (an error reply, text as Redis sent it),
 * ERR_CANCELLED. */

/* 0 with *found; the value is appended to out. */
int redis_get(struct redis *redis, const char *key, int64_t deadline, struct buf *out, bool *found, struct err *err);
int redis_set(struct redis *redis, const char *key, const char *value, size_t len, int64_t ttl_ms, int64_t deadline,
              struct err *err);
int redis_del(struct redis *redis, const char *key, int64_t deadline, struct err *err);
/* For the deep health check. While there is no connection it waits for one
 * until the deadline, for the reader wants to know the truth of now. */
int redis_ping(struct redis *redis, int64_t deadline, struct err *err);

bool redis_is_up(const struct redis *redis);
void redis_metrics(const struct redis *redis, struct buf *out);

#endif
