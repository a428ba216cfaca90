#include "store/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "loop/loop.h"
#include "store/redis_internal.h"
#include "store/redis_uv.h"

enum { DEFAULT_PORT = 6379 };

/* --- The URL as a setting --------------------------------------------------------- */

static int parse_url(const char *text, struct url *url, char database[16])
{
    if (url_parse(text, url) != 0 || strcmp(url->scheme, "redis") != 0)
        return -1;
    const char *path = url->path[0] == '/' ? url->path + 1 : url->path;
    size_t digits = strspn(path, "0123456789");
    if (path[digits] != '\0' || digits > 5)
        return -1;
    snprintf(database, 16, "%.5s", digits ? path : "0");
    if (url->port == 0)
        url->port = DEFAULT_PORT;
    return 0;
}

int redis_check_url(const char *text)
{
    struct url url;
    char database[16];
    return parse_url(text, &url, database);
}

/* --- Create and close ------------------------------------------------------------- */

/* Once a turn of the loop: writes what all fibers sent, in one system call. */
static void flush(void *arg)
{
    struct redis *redis = arg;
    if (redis->context)
        redis_uv_flush(redis->context);
}

struct redis *redis_new(const char *url, const char *probe_key)
{
    struct redis *redis = calloc(1, sizeof *redis);
    if (!redis || parse_url(url, &redis->url, redis->database) != 0) {
        free(redis);
        return NULL;
    }
    redis->probe_key = probe_key;
    err_set(&redis->why, ERR_UNREACHABLE, "Redis: still connecting");
    loop_add_hook(flush, redis);
    group_go(&redis->keeper, redis_keep_connected, redis);
    return redis;
}

void redis_close(struct redis *redis)
{
    group_cancel(&redis->keeper);
    group_join(&redis->keeper);
    loop_remove_hook(flush, redis);
    free(redis);
}

/* --- Commands --------------------------------------------------------------------- */

static int send_if_up(struct redis *redis, const struct redis_arguments *arguments, int64_t deadline, struct buf *out,
                     struct err *err)
{
    int status = redis->up ? redis_send(redis, arguments, deadline, out, err)
                           : err_set(err, ERR_UNREACHABLE, "%s", redis->why.text);
    redis->failures += status != 0;
    if (status != 0 && err->code == ERR_FAILED)
        redis_suspect(redis, err);
    return status;
}

int redis_get(struct redis *redis, const char *key, int64_t deadline, struct buf *out, bool *found, struct err *err)
{
    /* Not GET: another program may have stored 512 MB there, and Redis would send all of it. */
    char last[24];
    snprintf(last, sizeof last, "%zu", out->cap);
    struct redis_arguments get = REDIS_ARGUMENTS("GETRANGE", key, "0", last);
    int status = send_if_up(redis, &get, deadline, out, err);
    *found = status == 0 && out->len > 0;
    redis->gets++;
    redis->hits += status == 0 && *found;
    return status;
}

int redis_set(struct redis *redis, const char *key, const char *value, size_t len, int64_t ttl_ms, int64_t deadline,
              struct err *err)
{
    char ttl[24];
    snprintf(ttl, sizeof ttl, "%lld", (long long)ttl_ms);
    struct redis_arguments set = REDIS_ARGUMENTS("SET", key, "", "PX", ttl);
    set.values[2] = value;
    set.lengths[2] = len;
    redis->sets++;
    return send_if_up(redis, &set, deadline, NULL, err);
}

int redis_del(struct redis *redis, const char *key, int64_t deadline, struct err *err)
{
    struct redis_arguments del = REDIS_ARGUMENTS("DEL", key);
    redis->dels++;
    return send_if_up(redis, &del, deadline, NULL, err);
}

int redis_probe(struct redis *redis, int64_t deadline, struct err *err)
{
    if (redis->up)
        return redis_send_probe(redis, deadline, err);
    /* The keeper waits before its next attempt: start that attempt now. */
    if (!redis->context && redis->keeper_wait)
        wait_wake(redis->keeper_wait);
    enum wait_result result = wait_queue_park(&redis->attempts, deadline);
    if (redis->up)
        return 0;
    if (result == WAIT_CANCELLED)
        return err_set(err, ERR_CANCELLED, "Redis: cancelled");
    return err_set(err, result == WAIT_TIMEOUT ? ERR_TIMEOUT : ERR_UNREACHABLE, "%s", redis->why.text);
}

bool redis_is_up(const struct redis *redis)
{
    return redis->up;
}

/* --- Metrics ---------------------------------------------------------------------- */

static void counter(struct buf *out, const char *name, const char *help, int64_t value)
{
    metrics_head(out, name, "counter", help);
    metrics_value(out, name, NULL, value);
}

void redis_metrics(const struct redis *redis, struct buf *out)
{
    metrics_head(out, "redis_up", "gauge", "1 while Redis answers and accepts writes.");
    metrics_value(out, "redis_up", NULL, redis->up);
    counter(out, "redis_connects_total", "Connections opened.", redis->connects);
    metrics_head(out, "redis_commands_total", "counter", "Commands, answered or not.");
    metrics_value(out, "redis_commands_total", "command=\"get\"", redis->gets);
    metrics_value(out, "redis_commands_total", "command=\"set\"", redis->sets);
    metrics_value(out, "redis_commands_total", "command=\"del\"", redis->dels);
    counter(out, "redis_hits_total", "Gets that found a value.", redis->hits);
    counter(out, "redis_failures_total", "Commands that failed or timed out.", redis->failures);
}
