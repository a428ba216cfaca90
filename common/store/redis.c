#include "store/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "store/redis_internal.h"

/* --- One command -------------------------------------------------------------------------- */

/* On the heap, for the reply may come when the fiber has given up. */
struct command {
    struct wait *waiter; /* NULL: nobody waits */
    struct buf *out;     /* the fiber's: gets the string that came, if not NULL */
    bool answered, nil;
    struct err err;
};

static void on_reply(redisAsyncContext *context, void *data, void *arg)
{
    (void)context;
    const redisReply *reply = data;
    struct command *command = arg;
    if (!command->waiter) {
        free(command);
        return;
    }
    command->answered = reply != NULL; /* NULL: the connection ended */
    if (reply && reply->type == REDIS_REPLY_ERROR)
        err_set(&command->err, ERR_FAILED, "Redis: %s", reply->str);
    else if (reply && reply->type == REDIS_REPLY_NIL)
        command->nil = true;
    else if (reply && command->out && reply->str && !buf_add(command->out, reply->str, reply->len))
        err_set(&command->err, ERR_TOO_LARGE, "Redis: the value is too large");
    wait_wake(command->waiter);
}

struct redis_arguments redis_arguments_of(const char *const *values)
{
    struct redis_arguments arguments = {0};
    for (; values[arguments.count]; arguments.count++) {
        arguments.values[arguments.count] = values[arguments.count];
        arguments.lengths[arguments.count] = strlen(values[arguments.count]);
    }
    return arguments;
}

static int finish(struct redis *redis, const struct command *command, bool *found, struct err *err)
{
    if (!command->answered)
        return err_set(err, ERR_BROKEN, "%s", redis->why.text);
    if (command->err.code != ERR_NONE)
        return err_set(err, command->err.code, "%s", command->err.text);
    if (found)
        *found = !command->nil;
    return 0;
}

int redis_ask(struct redis *redis, const struct redis_arguments *arguments, int64_t deadline, struct buf *out,
              bool *found, struct err *err)
{
    if (deadline_left(deadline) == 0)
        return err_set(err, ERR_TIMEOUT, "Redis: no time left to ask");
    if (!redis->context)
        return err_set(err, ERR_BROKEN, "%s", redis->why.text);
    struct wait wait;
    wait_init(&wait);
    struct command *command = calloc(1, sizeof *command);
    if (!command)
        return err_set(err, ERR_FAILED, "out of memory");
    command->waiter = &wait;
    command->out = out;
    if (redisAsyncCommandArgv(redis->context, on_reply, command, arguments->count,
                              (const char **)(uintptr_t)arguments->values, arguments->lengths) != REDIS_OK) {
        free(command);
        return err_set(err, ERR_BROKEN, "Redis: the connection is ending");
    }
    enum wait_result result = wait_park(&wait, deadline);
    if (result == WAIT_WOKEN) {
        int status = finish(redis, command, found, err);
        free(command);
        return status;
    }
    command->waiter = NULL;
    command->out = NULL;
    if (result == WAIT_CANCELLED)
        return err_set(err, ERR_CANCELLED, "Redis: cancelled");
    redis_take_down(redis, "does not answer");
    return err_set(err, ERR_TIMEOUT, "Redis: no answer in time");
}

static int ask_if_up(struct redis *redis, const struct redis_arguments *arguments, int64_t deadline, struct buf *out,
                     bool *found, struct err *err)
{
    int status = redis->up ? redis_ask(redis, arguments, deadline, out, found, err)
                           : err_set(err, ERR_UNREACHABLE, "%s", redis->why.text);
    redis->failures += status != 0;
    return status;
}

/* --- Commands ----------------------------------------------------------------------------------- */

int redis_get(struct redis *redis, const char *key, int64_t deadline, struct buf *out, bool *found, struct err *err)
{
    struct redis_arguments get = REDIS_ARGUMENTS("GET", key);
    int status = ask_if_up(redis, &get, deadline, out, found, err);
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
    return ask_if_up(redis, &set, deadline, NULL, NULL, err);
}

int redis_del(struct redis *redis, const char *key, int64_t deadline, struct err *err)
{
    struct redis_arguments del = REDIS_ARGUMENTS("DEL", key);
    redis->dels++;
    return ask_if_up(redis, &del, deadline, NULL, NULL, err);
}

int redis_ping(struct redis *redis, int64_t deadline, struct err *err)
{
    struct redis_arguments ping = REDIS_ARGUMENTS("PING");
    if (redis->up)
        return redis_ask(redis, &ping, deadline, NULL, NULL, err);
    /* Between two tries: the next one is now. */
    if (!redis->context && redis->keeper_waits)
        wait_wake(redis->keeper_waits);
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

/* --- Metrics ------------------------------------------------------------------------------------- */

static void counter(struct buf *out, const char *name, const char *help, int64_t value)
{
    metrics_head(out, name, "counter", help);
    metrics_value(out, name, NULL, value);
}

void redis_metrics(const struct redis *redis, struct buf *out)
{
    metrics_head(out, "redis_up", "gauge", "1 while Redis answers.");
    metrics_value(out, "redis_up", NULL, redis->up);
    counter(out, "redis_connects_total", "Connections made.", redis->connects);
    metrics_head(out, "redis_commands_total", "counter", "Calls, answered or not.");
    metrics_value(out, "redis_commands_total", "command=\"get\"", redis->gets);
    metrics_value(out, "redis_commands_total", "command=\"set\"", redis->sets);
    metrics_value(out, "redis_commands_total", "command=\"del\"", redis->dels);
    counter(out, "redis_hits_total", "Gets that found something.", redis->hits);
    counter(out, "redis_failures_total", "Calls that failed or were given up.", redis->failures);
}
