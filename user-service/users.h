/* users: rows in PostgreSQL, answers in Redis (cache-aside).
 *
 * A read asks the cache, then the database, and then fills the cache, for a
 * minute. What is cached is the very body of the reply: a hit is copied from
 * Redis to the client, and nothing is parsed. Many who miss the same user at
 * once cost one query (single flight). The cache may be gone at any time: then
 * rows come from the database, and nobody waits for Redis.
 *
 * A row never changes once it is there, and an id is never used twice: so a fill
 * that is slow cannot overwrite anything newer.
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

/* Room for the longest: names of 100 characters at 4 bytes, e-mails of 254, both escaped. */
enum { USER_JSON_MAX = 4096 };

enum users_cache { USERS_HIT, USERS_MISS, USERS_BYPASS };

struct users;

/* pg and redis outlive it; timeout_ms bounds a write. NULL: out of memory. */
struct users *users_new(struct pg *pg, struct redis *redis, int64_t timeout_ms);
void users_free(struct users *users);

/* Appends the user's JSON to the empty buffer and says where it came from. Or -1:
 * ERR_NOT_FOUND: there is no such user; anything else: not to be had now. */
int users_find(struct users *users, const char *id, struct buf *json, enum users_cache *cache, struct err *err);

/* Adds a user: its id and its JSON. Or -1: ERR_CONFLICT: the e-mail is taken;
 * ERR_INVALID: PostgreSQL cannot store it; anything else: not now. */
int users_add(struct users *users, const struct user_input *input, char id[ID_SIZE], struct buf *json,
              struct err *err);

void users_metrics(const struct users *users, struct buf *out);

#endif
