/* redis: a client for a Redis that serves as a cache.
 *
 * All fibers share one connection: hiredis' async interface pipelines their commands.
 * A request must never be slower with the cache than without it. So every call fails
 * at once until Redis has passed a probe on the connection: it must set, read and delete
 * a key. The first call that times out closes the connection for all callers, because a
 * hung server looks just like a slow one. After an error reply the probe is repeated: a
 * Redis that refuses what a cache needs (a replica after a failover, no memory left, no
 * permission) is closed, too. Then a background fiber connects again, perhaps to the new
 * master, and repeats the probe. That is the whole circuit breaker.
 */
#ifndef STORE_REDIS_H
#define STORE_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct redis;

/* 0 or -1: redis://[user:password@]host[:port][/db]; rediss:// is not accepted. */
int redis_check_url(const char *url);

/* Starts connecting in the background. url: has passed redis_check_url; probe_key: a key of the caller's that it
 * never uses itself, borrowed. NULL: out of memory. */
struct redis *redis_new(const char *url, const char *probe_key);
/* Must run in a fiber. No call may be in progress. */
void redis_close(struct redis *redis);

/* Errors of all calls: ERR_UNREACHABLE (no connection; the text says why),
 * ERR_TIMEOUT, ERR_BROKEN, ERR_FAILED (an error reply, text as Redis sent it),
 * ERR_CANCELLED. */

/* 0: *found is set, and the value is appended to out, which is empty. An empty value counts as not found.
 * ERR_TOO_LARGE: the value exceeds out's cap; ERR_INVALID: the key holds a list or another type. */
int redis_get(struct redis *redis, const char *key, int64_t deadline, struct buf *out, bool *found, struct err *err);
int redis_set(struct redis *redis, const char *key, const char *value, size_t len, int64_t ttl_ms, int64_t deadline,
              struct err *err);
int redis_del(struct redis *redis, const char *key, int64_t deadline, struct err *err);
/* For the deep health check: the probe. While there is no connection it waits until the
 * deadline for the next attempt to connect, so that the result is up to date. */
int redis_probe(struct redis *redis, int64_t deadline, struct err *err);

bool redis_is_up(const struct redis *redis);
void redis_metrics(const struct redis *redis, struct buf *out);

#endif
