/* users: rows in PostgreSQL, reply bodies in Redis (cache-aside).
 *
 * A read looks in the cache, then in the database, and then fills the cache for a
 * minute. The cache holds the body of the reply as it is sent: a hit is copied from
 * Redis to the client and not parsed, only compared with its one form (user_json.h).
 * Simultaneous misses of the same user cost one query (single flight). If Redis is down,
 * rows come from the database, and no request waits for Redis.
 *
 * A row never changes, and an id is never used twice: a slow fill cannot overwrite
 * newer data.
 */
#ifndef USERS_H
#define USERS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "service/input.h"
#include "store/pg.h"
#include "store/redis.h"
#include "user_input.h"

/* The longest user: a name of 100 characters of 4 bytes and an e-mail of 254, both escaped. */
enum { USER_JSON_MAX = 4096 };

enum users_cache { USERS_HIT, USERS_MISS, USERS_BYPASS };

struct users;

/* pg and redis must outlive it; timeout_ms limits a write. NULL: out of memory. */
struct users *users_new(struct pg *pg, struct redis *redis, int64_t timeout_ms);
void users_free(struct users *users);

/* Appends the user's JSON to the empty buffer. *cache: the result of the cache, also
 * with -1. Or -1: ERR_NOT_FOUND: there is no such user; any other error: the user cannot
 * be read now. */
int users_find(struct users *users, const char *id, struct buf *json, enum users_cache *cache, struct err *err);

/* Adds a user, and returns its id and its JSON. Or -1: ERR_CONFLICT: the e-mail is in
 * use; ERR_INVALID: PostgreSQL cannot store these values; any other error: the user
 * cannot be added now. */
int users_add(struct users *users, const struct user_input *input, char id[ID_SIZE], struct buf *json,
              struct err *err);

void users_metrics(const struct users *users, struct buf *out);

#endif
