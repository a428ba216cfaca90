/* Sends one command, or the probe, to Redis and waits for the reply. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/redis_internal.h"

/* --- The connection ends ---------------------------------------------------------- */

void redis_take_down(struct redis *redis, const char *why)
{
    redisAsyncContext *context = redis->context;
    if (!context)
        return;
    err_clear(&redis->why);
    err_set(&redis->why, ERR_UNREACHABLE, "%s", why);
    redis->context = NULL;
    redis->up = false;
    redisAsyncFree(context);
    if (redis->keeper_wait)
        wait_wake(redis->keeper_wait);
}

/* --- One command ------------------------------------------------------------------ */

/* On the heap, because the reply may come after the fiber has given up. */
struct command {
    struct wait *waiter; /* NULL: no fiber waits */
    struct buf *out;     /* the fiber's: gets a string reply, if not NULL */
    bool answered;
    struct err err;
};

static enum err_code code_of(const char *error)
{
    return strncmp(error, "WRONGTYPE ", 10) == 0 ? ERR_INVALID : ERR_FAILED;
}

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
        err_set(&command->err, code_of(reply->str), "Redis: %s", reply->str);
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

static int take_reply(struct redis *redis, const struct command *command, struct err *err)
{
    if (!command->answered)
        return err_set(err, ERR_BROKEN, "%s", redis->why.text);
    if (command->err.code != ERR_NONE)
        return err_set(err, command->err.code, "%s", command->err.text);
    return 0;
}

int redis_send(struct redis *redis, const struct redis_arguments *arguments, int64_t deadline, struct buf *out,
               struct err *err)
{
    if (deadline_left(deadline) == 0)
        return err_set(err, ERR_TIMEOUT, "Redis: the deadline has passed");
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
        int status = take_reply(redis, command, err);
        free(command);
        return status;
    }
    command->waiter = NULL;
    command->out = NULL;
    if (result == WAIT_CANCELLED)
        return err_set(err, ERR_CANCELLED, "Redis: cancelled");
    redis_take_down(redis, "Redis: no reply in time");
    return err_set(err, ERR_TIMEOUT, "Redis: no reply in time");
}

/* --- The probe -------------------------------------------------------------------- */

/* A PING shows less: a replica and a Redis without memory answer it. The key expires by itself, if the DEL
 * does not reach Redis. */
int redis_send_probe(struct redis *redis, int64_t deadline, struct err *err)
{
    const char *key = redis->probe_key;
    const struct redis_arguments commands[] = {
        REDIS_ARGUMENTS("SET", key, "", "PX", "1000"),
        REDIS_ARGUMENTS("GETRANGE", key, "0", "0"),
        REDIS_ARGUMENTS("DEL", key),
    };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (redis_send(redis, &commands[i], deadline, NULL, err) == 0)
            continue;
        if (err->code == ERR_FAILED)
            redis_take_down(redis, err->text);
        return -1;
    }
    return 0;
}
