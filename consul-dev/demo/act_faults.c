/* The lesson's part seven: an instance hangs, one is killed, all are restarted, and the
 * Redis that they share stops. Each step runs under load, and no request may fail. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "acts.h"
#include "base/clock.h"
#include "narrator.h"

bool check_load(const struct load_count *count)
{
    bool held = step_check(count->ok > 0 && count->failed == 0,
                           "%" PRIu64 " requests during this step, %" PRIu64 " failed; the slowest took %" PRId64 " ms",
                           count->ok + count->failed, count->failed, count->slowest_ms);
    if (count->failed)
        step_seen("the first failure: %s", count->first_failure);
    return held;
}

/* The instance that a step is about. */
struct suspect {
    struct stage *stage;
    char id[32];
};

static bool is_avoided(void *arg)
{
    struct suspect *suspect = arg;
    struct view view;
    view_take(&suspect->stage->orders, "user-service", &view);
    const struct seen *seen = view_find(&view, suspect->id);
    return view.known && (!seen || seen->ejected || strcmp(seen->status, "critical") == 0);
}

static bool is_usable(void *arg)
{
    struct suspect *suspect = arg;
    struct view view;
    view_take(&suspect->stage->orders, "user-service", &view);
    const struct seen *seen = view_find(&view, suspect->id);
    return seen && !seen->ejected && strcmp(seen->status, "passing") == 0 &&
           stage_lists_passing(suspect->stage, "user-service", suspect->id);
}

static bool is_critical_in_registry(void *arg)
{
    struct suspect *suspect = arg;
    return stage_listed(suspect->stage, "user-service", true) >= 0 &&
           !stage_lists_passing(suspect->stage, "user-service", suspect->id);
}

static bool is_critical_in_orders(void *arg)
{
    struct suspect *suspect = arg;
    struct view view;
    view_take(&suspect->stage->orders, "user-service", &view);
    const struct seen *seen = view_find(&view, suspect->id);
    return view.known && (!seen || strcmp(seen->status, "passing") != 0);
}

/* An ejection ends early only if order-service sees the instance leave the passing ones, and come back. */
static void await_noticed(struct suspect *suspect, int64_t since)
{
    const struct registry_kind *kind = suspect->stage->kind;
    bool critical = time_until(is_critical_in_registry, suspect, 90000) >= 0;
    step_check(critical, "%s %s after %s", kind->name, kind->noticed, seconds(clock_ms() - since));
    int64_t took = time_until(is_critical_in_orders, suspect, 90000);
    if (kind->polls)
        step_check(took >= 0, "order-service learned of it after another %s", seconds(took));
}

static int64_t picks_of(struct suspect *suspect)
{
    struct view view;
    view_take(&suspect->stage->orders, "user-service", &view);
    const struct seen *seen = view_find(&view, suspect->id);
    return seen ? seen->picks : 0;
}

/* --- An instance hangs ---------------------------------------------------------------- */

static bool is_picked_again(void *arg)
{
    static int64_t before = -1;
    int64_t now = picks_of(arg);
    if (before < 0)
        before = now;
    return now > before;
}

void act_hung_instance(struct stage *stage)
{
    struct suspect suspect = {.stage = stage};
    struct load_count count;
    user_id(1, suspect.id);
    struct load *load = stage_load(stage);
    step_begin("user-service-2 hangs (SIGSTOP): it accepts connections, but never replies",
               stage->kind->hung);
    proc_signal_all(&stage->users[1].proc, SIGSTOP);
    int64_t stopped = clock_ms();
    int64_t took = time_until(is_avoided, &suspect, 60000);
    step_check(took >= 0,
               "order-service ejected it after %s; until then each attempt took at most a third of the deadline",
               seconds(took));
    await_noticed(&suspect, stopped);

    proc_signal_all(&stage->users[1].proc, SIGCONT);
    took = time_until(is_usable, &suspect, 90000);
    step_check(took >= 0, "SIGCONT: passing and no longer ejected after %s", seconds(took));
    step_check(time_until(is_picked_again, &suspect, 60000) >= 0, "order-service calls it again");
    load_stop(load, &count);
    check_load(&count);
    step_end();
}

/* --- The shared Redis stops ---------------------------------------------------------------- */

static bool all_critical(void *arg)
{
    return stage_listed(arg, "user-service", true) == 0;
}

static bool all_passing_again(void *arg)
{
    struct stage *stage = arg;
    struct view view;
    view_take(&stage->orders, "user-service", &view);
    return stage_listed(stage, "user-service", true) == USERS && view.usable == USERS && !view.panic;
}

static bool in_panic(void *arg)
{
    struct stage *stage = arg;
    struct view view;
    view_take(&stage->orders, "user-service", &view);
    return view.panic;
}

static bool health_reports_redis(void *arg)
{
    struct stage *stage = arg;
    for (int i = 0; i < USERS; i++) {
        char url[SERVICE_URL_MAX];
        struct probe_reply reply = {0};
        int status = probe_get(NULL, service_url(&stage->users[i], "/health", url), &reply);
        bool named = strstr(buf_text(&reply.body), "\"redis\":{\"status\":\"unhealthy\"") != NULL;
        probe_reply_close(&reply);
        if (status != 503 || !named)
            return false;
    }
    return true;
}

void act_shared_redis(struct stage *stage)
{
    struct err err = ERR_INIT;
    struct load_count count;
    struct called called = {0};
    struct load *load = stage_load(stage);
    step_begin("Redis, which all instances share, stops", stage->kind->redis_lost);
    server_stop(&stage->world.redis);
    int64_t took = time_until(health_reports_redis, stage, 60000);
    step_check(took >= 0, "/health of each instance: 503, redis unhealthy, after %s", seconds(took));
    took = time_until(all_critical, stage, 90000);
    step_check(took >= 0, "%s: 0 of 3 passing after another %s", stage->kind->name, seconds(took));
    took = time_until(in_panic, stage, 60000);
    step_check(took >= 0,
               "order-service fails open (panic threshold): it calls critical instances as if they were passing");

    char url[SERVICE_URL_MAX], cache[16];
    struct probe_reply reply = {0};
    int status = probe_get(NULL, service_url(&stage->users[0], "/users/7", url), &reply);
    probe_header(&reply, "X-Cache", cache, sizeof cache);
    probe_reply_close(&reply);
    call_orders(stage, 7, &called);
    step_check(status == 200 && strcmp(cache, "bypass") == 0 && called.status == 200,
               "GET /users/7: %d, X-Cache: %s (user-service read PostgreSQL without the cache)", called.status, cache);

    bool back = server_start(&stage->world.redis, &err) == 0;
    took = back ? time_until(all_passing_again, stage, 90000) : -1;
    step_check(took >= 0, "Redis started again: all instances passing after %s %s", seconds(took), err.text);
    load_stop(load, &count);
    check_load(&count);
    step_end();
}

/* --- An instance is killed ------------------------------------------------------------------ */

void act_killed_instance(struct stage *stage)
{
    struct err err = ERR_INIT;
    struct suspect suspect = {.stage = stage};
    struct load_count count;
    user_id(2, suspect.id);
    struct load *load = stage_load(stage);
    step_begin("user-service-3 is killed (SIGKILL)",
               "no request fails: a refused call is retried on another instance, then user-service-3 is ejected");
    proc_stop(&stage->users[2].proc, SIGKILL, 1000);
    int64_t died = clock_ms();
    int64_t took = time_until(is_avoided, &suspect, 60000);
    step_check(took >= 0, "order-service ejected it after %lld ms, because calls to it failed", (long long)took);
    await_noticed(&suspect, died);
    if (stage_start_user(stage, 2, &err) != 0)
        step_check(false, "%s", err.text);
    took = time_until(is_usable, &suspect, 90000);
    step_check(took >= 0, "started again: passing and used after %s", seconds(took));
    load_stop(load, &count);
    check_load(&count);
    step_end();
}

/* --- Rolling restart ----------------------------------------------------------------------------- */

void act_rolling_restart(struct stage *stage)
{
    struct err err = ERR_INIT;
    struct load_count count;
    struct load *load = stage_load(stage);
    step_begin("Rolling restart: one instance after another gets SIGTERM and is started again",
               "it deregisters, drains (serves until requests stop), and exits with 0; no request fails");
    for (int i = 0; i < USERS; i++) {
        struct suspect suspect = {.stage = stage};
        user_id(i, suspect.id);
        int64_t begin = clock_ms();
        int code = service_stop(&stage->users[i]);
        int64_t drained = clock_ms() - begin;
        if (stage_start_user(stage, i, &err) != 0)
            step_check(false, "%s", err.text);
        bool back = time_until(is_usable, &suspect, 90000) >= 0;
        step_check(code == 0 && back, "%s: drained in %s, exit code %d; in the list again after %s", suspect.id,
                   seconds(drained), code, seconds(clock_ms() - begin));
    }
    load_stop(load, &count);
    check_load(&count);
    step_end();
}
