#include "record.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

void record_init(struct record *record, const struct record_listener *listener)
{
    *record = (struct record){.listener = listener, .outage_ms = -1, .whole_ms = -1};
    pthread_mutex_init(&record->lock, NULL);
}

void record_add_caller(struct record *record, struct text name, struct text does, bool keeps_list)
{
    struct caller *caller = &record->caller[record->callers++];
    caller->name = name;
    caller->does = does;
    caller->keeps_list = keeps_list;
    caller->lost_ms = -1;
}

void record_begin(struct record *record)
{
    record->began = clock_ms();
}

int64_t record_now(const struct record *record)
{
    return clock_ms() - record->began;
}

/* --- While the drill runs ----------------------------------------------------------------- */

void record_outage(struct record *record, bool silent)
{
    pthread_mutex_lock(&record->lock);
    record->outage_ms = record_now(record);
    record->silent = silent;
    pthread_mutex_unlock(&record->lock);
}

void record_whole(struct record *record)
{
    pthread_mutex_lock(&record->lock);
    record->whole_ms = record_now(record);
    pthread_mutex_unlock(&record->lock);
}

bool record_is_silent(struct record *record)
{
    pthread_mutex_lock(&record->lock);
    bool silent = record->silent && record->whole_ms < 0;
    pthread_mutex_unlock(&record->lock);
    return silent;
}

void record_event(struct record *record, const char *fmt, ...)
{
    struct event event = {.at_ms = record_now(record)};
    va_list args;
    va_start(args, fmt);
    vsnprintf(event.text, sizeof event.text, fmt, args);
    va_end(args);
    pthread_mutex_lock(&record->lock);
    record->listener->event(&event);
    if (record->events < EVENTS_MAX)
        record->event[record->events++] = event;
    pthread_mutex_unlock(&record->lock);
}

void record_step(struct record *record, const struct half_second seen[CALLERS_MAX])
{
    pthread_mutex_lock(&record->lock);
    if (record->steps < STEPS_MAX) {
        for (int i = 0; i < record->callers; i++)
            record->caller[i].seen[record->steps] = seen[i];
        record->steps++;
        if (record->steps * STEP_MS % 1000 == 0)
            record->listener->second(record);
    }
    pthread_mutex_unlock(&record->lock);
}

void record_loss(struct record *record, int caller, int64_t lost_ms, const char *ended)
{
    pthread_mutex_lock(&record->lock);
    record->caller[caller].lost_ms = lost_ms;
    snprintf(record->caller[caller].ended, sizeof record->caller[caller].ended, "%s", ended);
    pthread_mutex_unlock(&record->lock);
}

/* NULL: nothing is observed yet. */
static const struct half_second *last_seen(const struct record *record, int caller)
{
    return record->steps ? &record->caller[caller].seen[record->steps - 1] : NULL;
}

int64_t record_calm_ms(struct record *record, int caller)
{
    int64_t calm_ms = 0;
    pthread_mutex_lock(&record->lock);
    for (int step = record->steps - 1; step >= 0; step--, calm_ms += STEP_MS) {
        const struct half_second *seen = &record->caller[caller].seen[step];
        if (!seen->ok || seen->failed || seen->slow)
            break;
    }
    pthread_mutex_unlock(&record->lock);
    return calm_ms;
}

bool record_has_new_list(struct record *record, int caller)
{
    pthread_mutex_lock(&record->lock);
    const struct half_second *last = last_seen(record, caller);
    bool is_new = last && (!*last->source || last->age_ms < TTL_MS / 2 || last->age_ms > CALM_MS);
    pthread_mutex_unlock(&record->lock);
    return is_new;
}

bool record_is_back(struct record *record, int caller, int instances)
{
    pthread_mutex_lock(&record->lock);
    const struct half_second *last = last_seen(record, caller);
    bool back = last && strcmp(last->source, "consul") == 0 && last->instances == instances;
    back = back || record->caller[caller].lost_ms >= 0 || !record_keeps_list(record, caller);
    pthread_mutex_unlock(&record->lock);
    return back;
}

/* --- Afterwards ------------------------------------------------------------------------------ */

/* The half second in which the phase changes belongs to the new phase. */
enum phase record_phase(const struct record *record, int step)
{
    int64_t end = (int64_t)(step + 1) * STEP_MS;
    if (record->outage_ms < 0 || end <= record->outage_ms)
        return end <= record->outage_ms - BEFORE_MS ? EARLY : BEFORE;
    return record->whole_ms < 0 || end <= record->whole_ms ? OUTAGE : AFTER;
}

bool record_keeps_list(const struct record *record, int caller)
{
    for (int step = 0; step < record->steps; step++)
        if (*record->caller[caller].seen[step].source)
            return true;
    return false;
}

struct sum record_sum(const struct record *record, int caller, enum phase phases)
{
    struct sum sum = {.first_failed = -1};
    for (int step = 0; step < record->steps; step++) {
        const struct half_second *seen = &record->caller[caller].seen[step];
        if (!(record_phase(record, step) & phases))
            continue;
        if (seen->failed && sum.first_failed < 0)
            sum.first_failed = step;
        sum.ok += seen->ok;
        sum.failed += seen->failed;
        sum.slow += seen->slow;
    }
    return sum;
}
