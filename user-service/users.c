#include "users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_repeat.h"
#include "base/metrics.h"
#include "loop/sync.h"
#include "user_json.h"

enum {
    CACHE_TTL_MS = 60 * 1000,
    /* A local Redis answers in under 1 ms. Pauses of some 10 ms are normal (it forks
     * for a snapshot), so they must not close the connection. But a request must not
     * wait for the cache longer than for the database. */
    CACHE_TIMEOUT_MS = 100,
    FOREIGN_REPEAT_MS = 60 * 1000, /* entries of other programs are logged at most this often */
};

struct users {
    struct pg *pg;
    struct redis *redis;
    int64_t timeout_ms;
    struct flight flight;
    struct lookup *lookups; /* in progress */
    struct log_repeat foreign_entry;
    int64_t results[USERS_BYPASS + 1];
};

struct users *users_new(struct pg *pg, struct redis *redis, int64_t timeout_ms)
{
    struct users *users = calloc(1, sizeof *users);
    if (!users)
        return NULL;
    users->pg = pg;
    users->redis = redis;
    users->timeout_ms = timeout_ms;
    return users;
}

void users_free(struct users *users)
{
    free(users);
}

/* --- The cache -------------------------------------------------------------------- */

struct cache_key {
    char text[8 + ID_SIZE];
};

static struct cache_key key_of(const char *id)
{
    struct cache_key key;
    snprintf(key.text, sizeof key.text, "user:%s", id);
    return key;
}

/* Other programs may write to the same Redis. What they wrote is a miss, and the miss overwrites it. */
static enum users_cache refuse_entry(struct users *users, const struct cache_key *key, struct buf *json)
{
    if (log_repeat_is_due(&users->foreign_entry, "foreign", FOREIGN_REPEAT_MS))
        log_warn("cache_entry_refused", log_s("key", key->text), log_s("reason", "it is not the JSON of this user"),
                 log_s("hint", "give other programs another database than the one in REDIS_URL"));
    buf_clear(json);
    return USERS_MISS;
}

static enum users_cache read_cache(struct users *users, const char *id, struct buf *json)
{
    struct err err = ERR_INIT;
    struct cache_key key = key_of(id);
    bool found;
    int status = redis_get(users->redis, key.text, deadline_in(CACHE_TIMEOUT_MS), json, &found, &err);
    bool is_value = status == 0 || err.code == ERR_TOO_LARGE || err.code == ERR_INVALID;
    if (!is_value)
        return USERS_BYPASS;
    if (status == 0 && !found)
        return USERS_MISS;
    return status == 0 && user_json_is(json, id) ? USERS_HIT : refuse_entry(users, &key, json);
}

static void fill_cache(struct users *users, const char *id, const struct buf *json)
{
    struct err err = ERR_INIT;
    struct cache_key key = key_of(id);
    int64_t deadline = deadline_in(CACHE_TIMEOUT_MS);
    if (redis_set(users->redis, key.text, json->data, json->len, CACHE_TTL_MS, deadline, &err) != 0)
        log_debug("cache_not_filled", log_s("key", key.text), log_s("error", err.text));
}

/* --- The database: one query for simultaneous requests ---------------------------- */

struct lookup {
    struct users *users;
    const char *id; /* borrowed from the first request: its fiber runs the query */
    uint64_t key;
    bool fill; /* the first request did not find the user in the cache: store the result there */
    int holders;
    struct buf json;
    struct err err;
    struct lookup *next;
};

static struct lookup *lookup_join(struct users *users, const char *id, bool fill)
{
    uint64_t key = strtoull(id, NULL, 10);
    struct lookup *lookup = users->lookups;
    while (lookup && lookup->key != key)
        lookup = lookup->next;
    if (!lookup) {
        lookup = malloc(sizeof *lookup);
        if (!lookup)
            return NULL;
        *lookup = (struct lookup){users, id, key, fill, 0, BUF_INIT(USER_JSON_MAX), ERR_INIT, users->lookups};
        users->lookups = lookup;
    }
    lookup->holders++;
    return lookup;
}

/* The result is there: the next request for this user starts a new query. */
static void lookup_unlist(struct lookup *lookup)
{
    struct lookup **link = &lookup->users->lookups;
    while (*link != lookup)
        link = &(*link)->next;
    *link = lookup->next;
}

static void lookup_leave(struct lookup *lookup)
{
    if (--lookup->holders > 0)
        return;
    buf_close(&lookup->json);
    free(lookup);
}

static int read_row(struct lookup *lookup)
{
    static const struct pg_statement by_id = {"user_by_id", "SELECT name, email FROM users WHERE id = $1", 1};
    struct err *err = &lookup->err, cause = ERR_INIT;
    struct pg_rows *rows = NULL;
    if (pg_read(lookup->users->pg, &by_id, &lookup->id, DEADLINE_NONE, &rows, &cause) != 0)
        return err_set(err, ERR_UNREACHABLE, "cannot read users: %s", cause.text);

    int status = 0;
    if (pg_rows_count(rows) == 0)
        status = err_set(err, ERR_NOT_FOUND, "there is no user %s", lookup->id);
    else if (!user_json_add(&lookup->json, lookup->id, pg_rows_get(rows, 0, 0), pg_rows_get(rows, 0, 1)))
        status = err_set(err, ERR_TOO_LARGE, "user %s exceeds 4 KB", lookup->id);
    pg_rows_free(rows);
    return status;
}

static void run_lookup(void *arg)
{
    struct lookup *lookup = arg;
    /* A row that another program put there may break the limits of POST: it is served, but not from the cache. */
    if (read_row(lookup) == 0 && lookup->fill && user_json_is(&lookup->json, lookup->id))
        fill_cache(lookup->users, lookup->id, &lookup->json);
    lookup_unlist(lookup);
}

static int read_database(struct users *users, const char *id, bool fill, struct buf *json, struct err *err)
{
    enum wait_result result;
    struct lookup *lookup = lookup_join(users, id, fill);
    if (!lookup)
        return err_set(err, ERR_BUSY, "out of memory");

    flight_run(&users->flight, lookup->key, run_lookup, lookup, DEADLINE_NONE, &result);
    if (result != WAIT_WOKEN)
        err_set(err, ERR_CANCELLED, "cancelled");
    else if (lookup->err.code != ERR_NONE)
        *err = lookup->err;
    else if (!buf_add(json, lookup->json.data, lookup->json.len))
        err_set(err, ERR_BUSY, "out of memory");
    lookup_leave(lookup);
    return err->code == ERR_NONE ? 0 : -1;
}

/* --- Find and add ----------------------------------------------------------------- */

int users_find(struct users *users, const char *id, struct buf *json, enum users_cache *cache, struct err *err)
{
    *cache = read_cache(users, id, json);
    users->results[*cache]++;
    if (*cache == USERS_HIT)
        return 0;
    return read_database(users, id, *cache == USERS_MISS, json, err);
}

static const struct pg_statement add = {"user_add", "INSERT INTO users (name, email) VALUES ($1, $2) RETURNING id", 2};
static const struct pg_unique email_is_unique = {"users", "email"};

int users_add(struct users *users, const struct user_input *input, char id[ID_SIZE], struct buf *json, struct err *err)
{
    struct pg_rows *rows = NULL;
    const char *const params[] = {input->name, input->email};
    int status = pg_add_row(users->pg, &add, params, &email_is_unique, deadline_in(users->timeout_ms), &rows, err);
    if (status == 0) {
        snprintf(id, ID_SIZE, "%s", pg_rows_get(rows, 0, 0));
        user_json_add(json, id, input->name, input->email);
    }
    pg_rows_free(rows);
    if (status != 0)
        return -1;

    /* The cache holds nothing under a new id, unless the database was restored from a
     * backup and the cache was not. */
    struct err ignored = ERR_INIT;
    struct cache_key key = key_of(id);
    redis_del(users->redis, key.text, deadline_in(CACHE_TIMEOUT_MS), &ignored);
    return 0;
}

void users_metrics(const struct users *users, struct buf *out)
{
    metrics_head(out, "users_cache_reads_total", "counter", "Reads of a user, by the result of the cache.");
    metrics_value(out, "users_cache_reads_total", "result=\"hit\"", users->results[USERS_HIT]);
    metrics_value(out, "users_cache_reads_total", "result=\"miss\"", users->results[USERS_MISS]);
    metrics_value(out, "users_cache_reads_total", "result=\"bypass\"", users->results[USERS_BYPASS]);
}
