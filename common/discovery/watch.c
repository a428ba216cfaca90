#include "discovery/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"

enum {
    PACE_MS = 500, /* between two queries, after two at once */
    PROMPT_MS = 2000, /* for a query that does not wait for a change */
    GRACE_MS = 1000, /* for the way of a query that does, on top of what Consul adds to its wait */
    LOG_AGAIN_MS = 60000, /* while a registry stays down */
    JITTER_PERCENT = 20,
};

/* --- Pace ----------------------------------------------------------------------------- */

int64_t pace_wait_ms(const struct pace *pace, int64_t now_ms)
{
    int64_t wait_ms = pace->full_ms - PACE_MS - now_ms;
    return wait_ms > 0 ? wait_ms : 0;
}

void pace_use(struct pace *pace, int64_t now_ms)
{
    pace->full_ms = (pace->full_ms > now_ms ? pace->full_ms : now_ms) + PACE_MS;
}

/* --- In the log: a change once, a lasting fault once a minute ----------------------------- */

static void log_failure(struct watch *watch, const struct err *err)
{
    int64_t now_ms = clock_ms();
    if (!log_repeat_is_due(&watch->failure, err->text, LOG_AGAIN_MS))
        return;
    const char *source = knowledge_source(&watch->watched->knowledge, now_ms);
    log_warn("registry_failed", log_s("registry", registry_kind(watch->registry)),
             log_s("service", watch->watched->service), log_s("error", err->text),
             log_i("failures", watch->failure.times), log_i("for_ms", now_ms - watch->failure.began_ms),
             log_s("using", *source ? source : "none"));
}

static void log_recovery(struct watch *watch)
{
    int64_t after_ms = log_repeat_end(&watch->failure);
    if (after_ms >= 0)
        log_info("registry_recovered", log_s("registry", registry_kind(watch->registry)),
                 log_s("service", watch->watched->service), log_i("after_ms", after_ms));
}

static void log_list(struct watch *watch, const struct instance_list *list)
{
    log_info("instances", log_s("service", watch->watched->service),
             log_s("registry", registry_kind(watch->registry)), log_i("count", (int64_t)list->count));
}

static void log_dropped(struct watch *watch, const struct instance_list *list)
{
    if (list->dropped > 0 && list->dropped != watch->dropped)
        log_warn("instances_unusable", log_s("service", watch->watched->service),
                 log_i("count", (int64_t)list->dropped), log_s("first", list->dropped_why));
    watch->dropped = list->dropped;
}

/* --- One query ------------------------------------------------------------------------------ */

static bool is_polled(const struct watch *watch)
{
    return watch->watched->poll || watch->registry->ops->polls;
}

/* 0: it may wait for a change only where the last answer was good. */
static int64_t wait_for_change_ms(const struct watch *watch)
{
    bool knows = watch->answer->list && watch->answer->error.code == ERR_NONE;
    return knows && !is_polled(watch) ? watch->watched->ttl_ms / 3 : 0;
}

static int ask(struct watch *watch)
{
    struct err err = ERR_INIT;
    struct instance_list *list = NULL;
    int64_t wait_ms = wait_for_change_ms(watch);
    /* Consul adds up to a sixteenth to the wait, so that not all come back at once. */
    int64_t deadline = deadline_in(wait_ms > 0 ? wait_ms + wait_ms / 16 + GRACE_MS : PROMPT_MS);
    pace_use(&watch->pace, clock_ms());
    int status = registry_fetch(watch->registry, watch->watched->service, &watch->cursor, wait_ms, deadline, &list, &err);
    if (fiber_cancelled()) {
        instance_list_unref(list);
        return -1;
    }

    if (status != 0) {
        knowledge_failed(watch->answer, &err);
        log_failure(watch, &err);
    } else {
        log_recovery(watch);
        if (list)
            log_dropped(watch, list);
        if (knowledge_answer(watch->answer, list, watch->cursor.index, clock_ms()))
            log_list(watch, watch->answer->list);
    }
    knowledge_settle(&watch->watched->knowledge, clock_ms());
    wait_queue_wake_all(&watch->watched->first);
    return status;
}

static int64_t rest_ms(struct watch *watch, int status)
{
    int64_t rest_ms = 0;
    if (status != 0)
        rest_ms = backoff_next(&watch->backoff);
    else
        backoff_reset(&watch->backoff);
    if (status == 0 && is_polled(watch))
        rest_ms = rand_jitter(watch->watched->ttl_ms / 2, JITTER_PERCENT);
    int64_t pace_ms = pace_wait_ms(&watch->pace, clock_ms());
    return rest_ms > pace_ms ? rest_ms : pace_ms;
}

void watch_run(void *arg)
{
    struct watch *watch = arg;
    while (!fiber_cancelled()) {
        int status = ask(watch);
        if (fiber_cancelled() || fiber_sleep(rest_ms(watch, status)) != 0)
            return;
    }
}
