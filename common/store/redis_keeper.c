/* The fiber behind the connection: it connects, asks for a PONG, and does so
 * again when the connection ends or is taken down. The half of the breaker that
 * closes the circuit again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "loop/loop.h"
#include "loop/resolve.h"
#include "store/redis_internal.h"
#include "store/redis_uv.h"

/* A Redis that does not answer a PING within this is of no use as a cache. */
enum { CONNECT_LIMIT_MS = 1000, DEFAULT_PORT = 6379 };

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

/* --- The connection ends ---------------------------------------------------------------- */

void redis_take_down(struct redis *redis, const char *why)
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

/* context->data is ours while the connection is; take_down clears our side first. */
static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct redis *redis = context->data;
    if (redis->context != context)
        return;            /* we ended it */
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

/* --- It begins ------------------------------------------------------------------------------- */

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
    struct redis_arguments password = REDIS_ARGUMENTS("AUTH", url->password),
                           both = REDIS_ARGUMENTS("AUTH", url->user, url->password);
    struct redis_arguments database = REDIS_ARGUMENTS("SELECT", redis->database), ping = REDIS_ARGUMENTS("PING");
    if (url->password[0] && redis_ask(redis, url->user[0] ? &both : &password, deadline, NULL, NULL, err) != 0)
        return -1;
    if (strcmp(redis->database, "0") != 0 && redis_ask(redis, &database, deadline, NULL, NULL, err) != 0)
        return -1;
    return redis_ask(redis, &ping, deadline, NULL, NULL, err);
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
    redis_take_down(redis, "gave up connecting");
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
    redis_take_down(redis, "closing");
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
