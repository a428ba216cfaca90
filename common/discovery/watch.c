#include "discovery/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"

enum {
    PROMPT_MS = 2000,     /* timeout of a query that does not wait for a change */
    GRACE_MS = 1000,      /* for the network, on top of the time that a blocking query waits */
    LOG_AGAIN_MS = 60000, /* between two log lines about a registry that stays down */
    JITTER_PERCENT = 20,
};

/* --- Log: a change once, a lasting failure once a minute ---------------------------------- */

static void log_failure(struct watch *watch, const struct err *err)
{
    int64_t now_ms = clock_ms();
    if (!log_repeat_is_due(&watch->failure, err->text, LOG_AGAIN_MS))
        return;
    const char *source = sources_name_in_use(&watch->service->sources, now_ms);
    log_warn("registry_failed", log_s("registry", registry_kind(watch->registry)),
             log_s("service", watch->service->name), log_s("error", err->text),
             log_i("failures", watch->failure.times), log_i("for_ms", now_ms - watch->failure.began_ms),
             log_s("using", *source ? source : "none"));
}

static void log_recovery(struct watch *watch)
{
    int64_t after_ms = log_repeat_end(&watch->failure);
    if (after_ms >= 0)
        log_info("registry_recovered", log_s("registry", registry_kind(watch->registry)),
                 log_s("service", watch->service->name), log_i("after_ms", after_ms));
}

static void log_list(struct watch *watch, const struct instance_list *list)
{
    log_info("instances", log_s("service", watch->service->name),
             log_s("registry", registry_kind(watch->registry)), log_i("count", (int64_t)list->count));
}

static void log_dropped(struct watch *watch, const struct instance_list *list)
{
    if (list->dropped > 0 && list->dropped != watch->dropped)
        log_warn("instances_unusable", log_s("service", watch->service->name),
                 log_i("count", (int64_t)list->dropped), log_s("first", list->dropped_why));
    watch->dropped = list->dropped;
}

/* --- One query ------------------------------------------------------------------------------ */

static bool is_polled(const struct watch *watch)
{
    return watch->service->poll || watch->registry->ops->polls;
}

/* How long the query may wait in the registry for a change. 0: it does not wait, as with
 * the first query and after a failure. */
static int64_t wait_for_change_ms(const struct watch *watch)
{
    bool is_confirmed = watch->source->list && watch->source->error.code == ERR_NONE;
    return is_confirmed && !is_polled(watch) ? watch->service->ttl_ms / 3 : 0;
}

static int query_registry(struct watch *watch)
{
    struct err err = ERR_INIT;
    struct instance_list *list = NULL;
    int64_t wait_ms = wait_for_change_ms(watch);
    /* Consul adds up to a sixteenth of the wait, so that its replies do not all come at once. */
    int64_t deadline = deadline_in(wait_ms > 0 ? wait_ms + wait_ms / 16 + GRACE_MS : PROMPT_MS);
    pace_use(&watch->pace, clock_ms());
    int status = registry_fetch(watch->registry, watch->service->name, &watch->cursor, wait_ms, deadline, &list, &err);
    if (fiber_cancelled()) {
        instance_list_unref(list);
        return -1;
    }

    if (status != 0) {
        source_failed(watch->source, &err);
        log_failure(watch, &err);
    } else {
        log_recovery(watch);
        if (list)
            log_dropped(watch, list);
        if (source_update(watch->source, list, watch->cursor.index, clock_ms()))
            log_list(watch, watch->source->list);
    }
    sources_refresh(&watch->service->sources, clock_ms());
    wait_queue_wake_all(&watch->service->waiting);
    return status;
}

/* The pause before the next query. */
static int64_t pause_ms(struct watch *watch, int status)
{
    int64_t wait_ms = 0;
    if (status != 0)
        wait_ms = backoff_next(&watch->backoff);
    else
        backoff_reset(&watch->backoff);
    if (status == 0 && is_polled(watch))
        wait_ms = rand_jitter(watch->service->ttl_ms / 2, JITTER_PERCENT);
    int64_t pace_ms = pace_wait_ms(&watch->pace, clock_ms());
    return wait_ms > pace_ms ? wait_ms : pace_ms;
}

void watch_run(void *arg)
{
    struct watch *watch = arg;
    while (!fiber_cancelled()) {
        int status = query_registry(watch);
        if (fiber_cancelled() || fiber_sleep(pause_ms(watch, status)) != 0)
            return;
    }
}
