#include "config/config_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

enum {
    WAIT_MS = 30000,       /* how long a query waits for a change; a connection that died silently is noticed then */
    PROMPT_MS = 2000,      /* timeout of a query that does not wait */
    GRACE_MS = 1000,       /* for the network, on top of the wait */
    RETRY_FIRST_MS = 1000, /* as discovery's watch */
};

void config_watch_init(struct config_watch *watch, struct config_source *source, struct config_settings *settings,
                       int64_t retry_cap_ms)
{
    *watch = (struct config_watch){
        .source = source, .settings = settings, .backoff = BACKOFF_INIT(RETRY_FIRST_MS, retry_cap_ms)};
}

static void take_failure(struct config_watch *watch, const struct err *err)
{
    watch->is_up = false;
    if (log_repeat_is_due(&watch->failure, err->text, DEADLINE_NONE))
        log_warn("config_failed", log_s("source", watch->source->name), log_s("error", err->text),
                 log_s("using", "the last values"));
}

static void take_entries(struct config_watch *watch, const struct config_entries *entries)
{
    bool lost_state = entries->index < watch->index;
    int64_t after_ms = log_repeat_end(&watch->failure);
    if (after_ms >= 0)
        log_info("config_recovered", log_s("source", watch->source->name), log_i("after_ms", after_ms));
    watch->is_up = true;
    watch->index = entries->index;
    config_settings_take(watch->settings, entries, lost_state, watch->source->name);
}

/* After a failure the query does not wait, so that a center that hung is soon in use again. */
static int query(struct config_watch *watch)
{
    struct config_entries entries = {0};
    struct err err = ERR_INIT;
    uint64_t index = watch->is_up ? watch->index : 0;
    /* Consul adds up to a sixteenth of the wait. */
    int64_t deadline = deadline_in(index > 0 ? WAIT_MS + WAIT_MS / 16 + GRACE_MS : PROMPT_MS);
    pace_use(&watch->pace, clock_ms());
    int status = watch->source->fetch(watch->source, index, WAIT_MS, deadline, &entries, &err);
    if (status == 0)
        take_entries(watch, &entries);
    else if (!fiber_cancelled())
        take_failure(watch, &err);
    config_entries_close(&entries);
    return status;
}

static int64_t pause_ms(struct config_watch *watch, int status)
{
    int64_t wait_ms = 0, pace_ms = pace_wait_ms(&watch->pace, clock_ms());
    if (status != 0)
        wait_ms = backoff_next(&watch->backoff);
    else
        backoff_reset(&watch->backoff);
    return wait_ms > pace_ms ? wait_ms : pace_ms;
}

void config_watch_run(void *arg)
{
    struct config_watch *watch = arg;
    while (!fiber_cancelled()) {
        int status = query(watch);
        if (fiber_cancelled() || fiber_sleep(pause_ms(watch, status)) != 0)
            return;
    }
}

void config_watch_metrics(const struct config_watch *watch, struct buf *out)
{
    metrics_head(out, "config_up", "gauge", "1 if the last query to the configuration center succeeded.");
    metrics_value(out, "config_up", NULL, watch->is_up);
    config_settings_metrics(watch->settings, out);
}
