#include "simulation/calls.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "balance/outlier.h"
#include "base/clock.h"
#include "client/retry_budget.h"
#include "client/service_client.h"
#include "simulation/bounds.h"
#include "simulation/choice.h"
#include "simulation/invariants.h"

enum {
    BUCKET_MS = 100,
    BUCKETS = WINDOW_S * 10,
};

static struct world *world_of(const struct call_record *record)
{
    return record->caller->process.world;
}

/* --- The retry budget ---------------------------------------------------------------- */

static int bucket_now(struct sim_caller *caller)
{
    int64_t at = clock_ms() / BUCKET_MS;
    for (int64_t i = caller->window_at + 1; i <= at && i <= caller->window_at + BUCKETS; i++)
        caller->calls_in[i % BUCKETS] = caller->retries_in[i % BUCKETS] = 0;
    caller->window_at = at;
    return (int)(at % BUCKETS);
}

/* The client counts in whole seconds: its window is of nine to ten of them. So
 * the retries of the last nine may not be more than the calls of the last ten allow. */
static void check_budget(struct sim_caller *caller)
{
    int64_t now = caller->window_at;
    int calls = 0, retries = 0;
    for (int64_t i = 0; i < BUCKETS; i++) {
        calls += caller->calls_in[(now - i) % BUCKETS];
        if (i < BUCKETS - 1000 / BUCKET_MS)
            retries += caller->retries_in[(now - i) % BUCKETS];
    }
    if (retries > calls * RETRY_PERCENT / 100 + RETRY_SPARE)
        trace_break(&caller->process.world->trace, "%s made %d retries for %d calls", caller->process.name, retries, calls);
}

void calls_begin(struct call_record *record)
{
    record->caller->calls_in[bucket_now(record->caller)]++;
}

/* --- 5: what may be sent again ------------------------------------------------------------ */

static void check_repetition(const struct call_record *record, const struct http_call *call)
{
    struct world *world = world_of(record);
    const char *who = record->caller->process.name;
    int64_t share_ms = world->settings.call_timeout_ms / ATTEMPTS_MAX;
    if ((call->method && strcmp(call->method, "GET") != 0) || call->body)
        trace_break(&world->trace, "%s sends a %s, which this client must not", who, call->method);
    if (record->attempts >= ATTEMPTS_MAX)
        trace_break(&world->trace, "%s makes attempt %d of a call", who, record->attempts + 1);
    if (record->answered)
        trace_break(&world->trace, "%s sends a call again that was answered", who);
    if (call->deadline > record->deadline || deadline_left(call->deadline) > share_ms)
        trace_break(&world->trace, "%s gives an attempt more time than the call, or its share, has", who);
}

static void note_attempt(struct call_record *record, uint16_t port)
{
    int instance = instance_of_port(port);
    struct choice choice = choice_of(record, port);
    if (record->attempts > ATTEMPTS_MAX || !choice.chosen)
        return;
    record->tried[record->attempts].instance = instance;
    record->tried[record->attempts].last_resort = choice_is_last_resort(record, &choice);
    snprintf(record->tried[record->attempts++].id, ID_MAX, "%s", choice.chosen->id);
    record->caller->known[instance].calls_now++;
}

void calls_attempt_begins(struct call_record *record, const struct http_call *call)
{
    struct sim_caller *caller = record->caller;
    if (world_of(record)->is_ending)
        return;
    invariants_sweep(world_of(record));
    check_repetition(record, call);
    choice_check(record, call->port);
    if (record->attempts > 0) {
        caller->retries_in[bucket_now(caller)]++;
        check_budget(caller);
    }
    note_attempt(record, call->port);
}

/* --- What a call has shown ------------------------------------------------------------------------ */

/* The fifth in a row must eject it, where fewer than half may be ejected already. */
static void note_fifth(struct sim_caller *caller, struct acquaintance *known, uint16_t port)
{
    struct call_record record = {.caller = caller};
    struct choice choice = choice_of(&record, port);
    size_t maybe_ejected = 1;
    for (int i = 0; i < INSTANCES_MAX; i++)
        maybe_ejected += &caller->known[i] != known && choice_is_maybe_ejected(&caller->known[i]);
    known->failures = 0;
    known->fifth_ms = clock_ms();
    if (choice.view.version != caller->called_version) /* its balancer has not seen this list yet */
        return;
    if (!choice.chosen || choice.chosen->status != INSTANCE_PASSING || maybe_ejected > choice.passing / 2)
        return;
    known->ejected_ms = clock_ms();
    known->ejected_version = choice.view.version;
}

void calls_attempt_ended(struct call_record *record, const struct http_call *call, int status, enum err_code code,
                            int64_t took_ms)
{
    struct world *world = world_of(record);
    struct acquaintance *known = &record->caller->known[instance_of_port(call->port)];
    /* One that had less than half its share of the time proves nothing. */
    bool cut_short = code == ERR_TIMEOUT && took_ms * 2 < world->settings.call_timeout_ms / ATTEMPTS_MAX;
    if (world->is_ending || code == ERR_CANCELLED || cut_short)
        return;
    invariants_sweep(world);
    int64_t began_ms = clock_ms() - took_ms;
    record->answered = status > 0 && status < 500;
    if (record->answered) {
        known->failures = 0;
        if (began_ms >= known->ejected_ms)
            known->ejected_ms = 0; /* the last resort proved to be well */
        return;
    }
    if (clock_ms() - known->failed_ms > OUTLIER_EJECT_MS / 2)
        known->failures = 0; /* it may have been ejected meanwhile, for a reason that the witness did not see */
    known->failed_ms = clock_ms();
    known->failures_ever++;
    if (known->missing && clock_ms() - took_ms > known->missing_since_ms)
        known->failed_missing_ms = clock_ms();
    trace_note(&world->trace, record->caller->process.name, "fails to call", call->port);
    /* What began before its ejection, or with another list, says nothing. */
    bool is_old = began_ms <= known->fifth_ms || began_ms < record->caller->called_since_ms;
    bool is_last_resort = record->attempts > 0 && record->tried[record->attempts - 1].last_resort;
    if (!is_old && !is_last_resort && ++known->failures >= OUTLIER_FAILURES)
        note_fifth(record->caller, known, call->port);
}

/* --- 9: no call gives up too early ------------------------------------------------------------------- */

static int retries_lately(struct sim_caller *caller)
{
    int retries = 0;
    bucket_now(caller);
    for (int i = 0; i < BUCKETS; i++)
        retries += caller->retries_in[i];
    return retries;
}

/* While it has attempts, time and budget, and knows one that it could ask. */
static void check_giving_up(const struct call_record *record, enum service_outcome outcome)
{
    struct world *world = world_of(record);
    struct choice choice = choice_of(record, 0);
    const char *who = record->caller->process.name;
    if (outcome == SERVICE_NO_INSTANCE && choice.passing > 0)
        trace_break(&world->trace, "%s knows of no instance, but %zu that pass", who, choice.passing);
    if (record->attempts == 0 || record->attempts >= ATTEMPTS_MAX || deadline_left(record->deadline) == 0)
        return;
    if (choice.at_leisure > 0 && retries_lately(record->caller) < RETRY_SPARE)
        trace_break(&world->trace, "%s gives a call up after %d attempts, while %zu that pass were not asked", who,
                    record->attempts, choice.at_leisure);
}

/* --- 6: in calm no call fails ------------------------------------------------------------------------ */

static bool some_instance_lives(const struct world *world)
{
    for (int i = 0; i < world->settings.instances; i++)
        if (world->instances[i].life == UP)
            return true;
    return false;
}

void calls_ended(struct call_record *record, const struct service_reply *reply)
{
    struct world *world = world_of(record);
    const char *who = record->caller->process.name;
    for (int i = 0; i < record->attempts; i++)
        record->caller->known[record->tried[i].instance].calls_now--;
    if (world->is_ending || record->caller->process.killed)
        return;
    if (clock_ms() > record->deadline)
        trace_break(&world->trace, "%s waited %" PRId64 " ms past the deadline of a call", who, clock_ms() - record->deadline);
    if (reply->outcome == SERVICE_OK)
        return;
    trace_note(&world->trace, who, "has a call that failed, with outcome", reply->outcome);
    check_giving_up(record, reply->outcome);
    if (world->calm_since_ms != DEADLINE_NONE && some_instance_lives(world) &&
        record->begin_ms - longer(world->calm_since_ms, record->caller->process.well_since_ms) >
            bound_calm_ms(&world->settings))
        trace_break(&world->trace, "%s has a call that failed though nothing was wrong for %" PRId64 " ms: %s", who,
                    clock_ms() - world->calm_since_ms, reply->err.text);
}
