#include "store/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "loop/loop.h"
#include "loop/resolve.h"
#include "loop/sync.h"
#include "net/url.h"
#include "store/redis_uv.h"

/* A Redis that does not answer a PING within this is of no use as a cache. */
enum { CONNECT_LIMIT_MS = 1000, DEFAULT_PORT = 6379 };

struct redis {
    struct url url;
    char database[16]; /* "0" */
    redisAsyncContext *context; /* NULL: none; may still be connecting */
    bool up;                    /* it answered a PING, and no call has run into its deadline since */
    struct group keeper;
    struct wait *keeper_waits; /* for the connection's end, or before the next try */
    struct wait_queue attempts; /* who wants to know how the next try ends */
    struct err why;            /* why it is not up */
    bool trouble_is_told;

    int64_t gets, hits, sets, dels, failures, connects;
};

/* --- URL ------------------------------------------------------------------------------- */

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

/* Takes the connection down for all: those that wait get ERR_BROKEN at once. */
static void take_down(struct redis *redis, const char *why)
{
    redisAsyncContext *context = redis->context;
    if (!context)
        return;
    err_clear(&redis->why);
    err_set(&redis->why, ERR_UNREACHABLE, "Redis: %s", why);
    redis->context = NULL;
    redis->up = false;
    redisAsyncFree(context);
    if (redis->keeper_waits)
        wait_wake(redis->keeper_waits);
}

struct arguments {
    int count;
    const char *values[6];
    size_t lengths[6];
};

#define ARGUMENTS(...) arguments_of((const char *[]){__VA_ARGS__, NULL})

static struct arguments arguments_of(const char *const *values)
{
    struct arguments arguments = {0};
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

/* Sends on whatever connection there is, up or not yet. */
static int ask(struct redis *redis, const struct arguments *arguments, int64_t deadline, struct buf *out, bool *found,
               struct err *err)
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
    take_down(redis, "does not answer");
    return err_set(err, ERR_TIMEOUT, "Redis: no answer in time");
}

static int ask_if_up(struct redis *redis, const struct arguments *arguments, int64_t deadline, struct buf *out,
                     bool *found, struct err *err)
{
    int status = redis->up ? ask(redis, arguments, deadline, out, found, err)
                           : err_set(err, ERR_UNREACHABLE, "%s", redis->why.text);
    redis->failures += status != 0;
    return status;
}

/* --- The fiber that keeps it connected ------------------------------------------------------- */

/* context->data is ours while the connection is; take_down clears our side first. */
static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct redis *redis = context->data;
    if (redis->context != context)
        return; /* we ended it */
    redis->context = NULL; /* hiredis frees it after this */
    redis->up = false;
    err_clear(&redis->why);
    err_set(&redis->why, ERR_UNREACHABLE, "Redis: %s", status == REDIS_OK ? "connection closed" : context->errstr);
    if (redis->keeper_waits)
        wait_wake(redis->keeper_waits);
}

/* A refused connection is told here only, not in on_disconnect. */
static void on_connect(const redisAsyncContext *context, int status)
{
    if (status != REDIS_OK)
        on_disconnect(context, status);
}

static int start_connecting(struct redis *redis, int64_t deadline, struct err *err)
{
    char address[ADDRESS_MAX];
    if (resolve_host(redis->url.host, address, deadline, err) != 0)
        return -1;
    redisAsyncContext *context = redisAsyncConnect(address, redis->url.port);
    if (!context)
        return err_set(err, ERR_UNREACHABLE, "Redis: out of memory");
    if (context->err || redis_uv_attach(context) != 0) {
        err_set(err, ERR_UNREACHABLE, "Redis: %s", context->err ? context->errstr : "cannot watch the socket");
        redisAsyncFree(context);
        return -1;
    }
    context->data = redis;
    redis->context = context;
    redisAsyncSetConnectCallback(context, on_connect);
    redisAsyncSetDisconnectCallback(context, on_disconnect);
    return 0;
}

/* It is up when it answers: a hung server, too, accepts connections. */
static int greet(struct redis *redis, int64_t deadline, struct err *err)
{
    const struct url *url = &redis->url;
    struct arguments password = ARGUMENTS("AUTH", url->password), both = ARGUMENTS("AUTH", url->user, url->password);
    struct arguments database = ARGUMENTS("SELECT", redis->database), ping = ARGUMENTS("PING");
    if (url->password[0] && ask(redis, url->user[0] ? &both : &password, deadline, NULL, NULL, err) != 0)
        return -1;
    if (strcmp(redis->database, "0") != 0 && ask(redis, &database, deadline, NULL, NULL, err) != 0)
        return -1;
    return ask(redis, &ping, deadline, NULL, NULL, err);
}

static int connect_once(struct redis *redis)
{
    struct err err = ERR_INIT;
    int64_t deadline = deadline_in(CONNECT_LIMIT_MS);
    int status = start_connecting(redis, deadline, &err) == 0 && greet(redis, deadline, &err) == 0 ? 0 : -1;
    if (status == 0 && redis->context) {
        redis->up = true;
        redis->connects++;
        log_info("redis_up");
        redis->trouble_is_told = false;
        return 0;
    }
    take_down(redis, "gave up connecting");
    redis->why = err;
    redis->why.code = ERR_UNREACHABLE;
    return -1;
}

static void tell_trouble(struct redis *redis)
{
    if (!redis->trouble_is_told && !fiber_cancelled())
        log_warn("redis_down", log_s("error", redis->why.text));
    redis->trouble_is_told = true;
}

/* Until woken, or the deadline. 0, or -1 when cancelled. */
static int keeper_wait(struct redis *redis, int64_t deadline)
{
    struct wait wait;
    wait_init(&wait);
    redis->keeper_waits = &wait;
    enum wait_result result = wait_park(&wait, deadline);
    redis->keeper_waits = NULL;
    return result == WAIT_CANCELLED ? -1 : 0;
}

static void keep_connected(void *arg)
{
    struct redis *redis = arg;
    struct backoff backoff = BACKOFF_INIT(50, 1000);
    for (;;) {
        bool up = connect_once(redis) == 0;
        wait_queue_wake_all(&redis->attempts);
        if (up) {
            backoff_reset(&backoff);
            while (redis->up && keeper_wait(redis, DEADLINE_NONE) == 0) {
            }
        }
        tell_trouble(redis);
        if (keeper_wait(redis, deadline_in(backoff_next(&backoff))) != 0)
            break;
    }
    take_down(redis, "closing");
}

/* Once a turn of the loop: what all fibers sent, in one write. */
static void flush(void *arg)
{
    struct redis *redis = arg;
    if (redis->context)
        redis_uv_flush(redis->context);
}

struct redis *redis_new(const char *url)
{
    struct redis *redis = calloc(1, sizeof *redis);
    if (!redis || parse_url(url, &redis->url, redis->database) != 0) {
        free(redis);
        return NULL;
    }
    err_set(&redis->why, ERR_UNREACHABLE, "Redis: still connecting");
    loop_add_hook(flush, redis);
    group_go(&redis->keeper, keep_connected, redis);
    return redis;
}

void redis_close(struct redis *redis)
{
    group_cancel(&redis->keeper);
    group_join(&redis->keeper);
    loop_remove_hook(flush, redis);
    free(redis);
}

/* --- Commands ----------------------------------------------------------------------------------- */

int redis_get(struct redis *redis, const char *key, int64_t deadline, struct buf *out, bool *found, struct err *err)
{
    struct arguments get = ARGUMENTS("GET", key);
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
    struct arguments set = ARGUMENTS("SET", key, "", "PX", ttl);
    set.values[2] = value;
    set.lengths[2] = len;
    redis->sets++;
    return ask_if_up(redis, &set, deadline, NULL, NULL, err);
}

int redis_del(struct redis *redis, const char *key, int64_t deadline, struct err *err)
{
    struct arguments del = ARGUMENTS("DEL", key);
    redis->dels++;
    return ask_if_up(redis, &del, deadline, NULL, NULL, err);
}

int redis_ping(struct redis *redis, int64_t deadline, struct err *err)
{
    struct arguments ping = ARGUMENTS("PING");
    if (redis->up)
        return ask(redis, &ping, deadline, NULL, NULL, err);
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
