/* The fiber behind the connection: it connects, sends the probe and waits for its
 * replies, and does so again when the connection ends or is taken down. This is the
 * half of the circuit breaker that closes the circuit again.
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "loop/resolve.h"
#include "store/redis_internal.h"
#include "store/redis_uv.h"

enum {
    PROBE_LIMIT_MS = 1000, /* a Redis that does not answer within this time is of no use as a cache */
    REFUSAL_REPEAT_MS = 60 * 1000,
};

/* --- The connection ends ---------------------------------------------------------- */

/* The texts of hiredis for the other cases name its parser and its states. */
static const char *reason_of(const redisAsyncContext *context, int status)
{
    if (status == REDIS_OK || context->err == REDIS_ERR_EOF)
        return "the connection was closed";
    return context->err == REDIS_ERR_PROTOCOL ? "the reply is not in the protocol of Redis" : context->errstr;
}

/* context->data is our struct redis. redis_take_down sets redis->context to NULL first. */
static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct redis *redis = context->data;
    if (redis->context != context)
        return;            /* we closed it */
    redis->context = NULL; /* hiredis frees it after this */
    redis->up = false;
    err_clear(&redis->why);
    err_set(&redis->why, ERR_UNREACHABLE, "Redis: %s", reason_of(context, status));
    if (redis->keeper_wait)
        wait_wake(redis->keeper_wait);
}

/* hiredis reports a refused connection here only, not to on_disconnect. */
static void on_connect(const redisAsyncContext *context, int status)
{
    if (status != REDIS_OK)
        on_disconnect(context, status);
}

/* --- Connect ---------------------------------------------------------------------- */

static int start_connecting(struct redis *redis, const char *address, struct err *err)
{
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

/* Redis is up when it has passed the probe: a hung server also accepts connections. */
static int log_in_and_probe(struct redis *redis, int64_t deadline, struct err *err)
{
    const struct url *url = &redis->url;
    struct redis_arguments password = REDIS_ARGUMENTS("AUTH", url->password),
                           both = REDIS_ARGUMENTS("AUTH", url->user, url->password);
    struct redis_arguments database = REDIS_ARGUMENTS("SELECT", redis->database);
    if (url->password[0] && redis_send(redis, url->user[0] ? &both : &password, deadline, NULL, err) != 0)
        return -1;
    if (strcmp(redis->database, "0") != 0 && redis_send(redis, &database, deadline, NULL, err) != 0)
        return -1;
    return redis_send_probe(redis, deadline, err);
}

static int connect_to(struct redis *redis, const char *address)
{
    struct err err = ERR_INIT;
    int64_t deadline = deadline_in(PROBE_LIMIT_MS);
    int status =
        start_connecting(redis, address, &err) == 0 && log_in_and_probe(redis, deadline, &err) == 0 ? 0 : -1;
    if (status == 0 && redis->context) {
        redis->up = true;
        redis->connects++;
        log_info("redis_up");
        redis->down_logged = false;
        log_repeat_end(&redis->outage);
        return 0;
    }
    redis_take_down(redis, "Redis: cannot connect");
    redis->why = err;
    redis->why.code = ERR_UNREACHABLE;
    return -1;
}

/* A name may have several addresses: each one is tried, with the whole limit for each. */
static int connect_once(struct redis *redis)
{
    struct addresses addresses;
    struct err err = ERR_INIT;
    if (resolve_host(redis->url.host, &addresses, deadline_in(PROBE_LIMIT_MS), &err) != 0) {
        redis->why = err;
        redis->why.code = ERR_UNREACHABLE;
        return -1;
    }
    for (int i = 0; i < addresses.count && !fiber_cancelled(); i++)
        if (connect_to(redis, addresses.list[i]) == 0)
            return 0;
    return -1;
}

/* The first reason is often only that the connection was closed. The next attempt learns why, such as READONLY
 * after a failover. */
static void log_down(struct redis *redis)
{
    bool is_new = log_repeat_is_due(&redis->outage, redis->why.text, DEADLINE_NONE);
    if ((is_new || !redis->down_logged) && !fiber_cancelled())
        log_warn("redis_down", log_s("error", redis->why.text));
    redis->down_logged = true;
}

/* Waits until woken or until the deadline. 0, or -1 when cancelled. */
static int await_wake(struct redis *redis, int64_t deadline)
{
    struct wait wait;
    wait_init(&wait);
    redis->keeper_wait = &wait;
    enum wait_result result = wait_park(&wait, deadline);
    redis->keeper_wait = NULL;
    return result == WAIT_CANCELLED ? -1 : 0;
}

/* --- An error reply --------------------------------------------------------------- */

void redis_suspect(struct redis *redis, const struct err *err)
{
    redis->suspicion = *err;
    if (redis->keeper_wait)
        wait_wake(redis->keeper_wait);
}

/* The probe decides whether the error concerns one command only, such as a key of another node of a cluster,
 * or the whole server. No list of Redis' error codes could be complete. */
static void probe_if_suspect(struct redis *redis)
{
    struct err suspicion = redis->suspicion, ignored = ERR_INIT;
    err_clear(&redis->suspicion);
    if (!redis->up || suspicion.code == ERR_NONE ||
        redis_send_probe(redis, deadline_in(PROBE_LIMIT_MS), &ignored) != 0)
        return;
    if (log_repeat_is_due(&redis->refusal, suspicion.text, REFUSAL_REPEAT_MS))
        log_warn("redis_command_failed", log_s("error", suspicion.text));
}

/* --- The fiber -------------------------------------------------------------------- */

void redis_keep_connected(void *arg)
{
    struct redis *redis = arg;
    struct backoff backoff = BACKOFF_INIT(50, 1000);
    for (;;) {
        bool up = connect_once(redis) == 0;
        wait_queue_wake_all(&redis->attempts);
        if (up) {
            backoff_reset(&backoff);
            while (redis->up && await_wake(redis, DEADLINE_NONE) == 0)
                probe_if_suspect(redis);
        }
        log_down(redis);
        if (await_wake(redis, deadline_in(backoff_next(&backoff))) != 0)
            break;
    }
    redis_take_down(redis, "Redis: closing");
}
