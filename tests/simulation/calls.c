#include "simulation/calls.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "balance/outlier.h"
#include "base/clock.h"
#include "client/retry_budget.h"
#include "client/service_client.h"
#include "simulation/backups.h"
#include "simulation/bounds.h"
#include "simulation/choice.h"
#include "simulation/invariants.h"
#include "simulation/ramps.h"
#include "simulation/rates.h"
#include "simulation/release.h"
#include "simulation/turns.h"

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

/* The client counts in whole seconds, so its window is nine to ten seconds long. The calls of
 * the last ten seconds must allow the retries of the last nine. */
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
        trace_break(&caller->process.world->trace, "%s made %d retries for %d calls", caller->process.name, retries,
                    calls);
}

/* Such an attempt takes nothing from the budget. */
static bool is_first_listed(const struct call_record *record, uint16_t port)
{
    for (int i = 0; i < record->attempts; i++)
        if (!record->tried[i].missing)
            return false;
    return !choice_of(record, port).missing;
}

void calls_begin(struct call_record *record)
{
    record->caller->calls_in[bucket_now(record->caller)]++;
}

/* --- 5: when a call may be sent again ----------------------------------------------------- */

static void check_repetition(const struct call_record *record, const struct http_call *call)
{
    struct world *world = world_of(record);
    const char *name = record->caller->process.name;
    int64_t share_ms = world->settings.call_timeout_ms / ATTEMPTS_MAX;
    if ((call->method && strcmp(call->method, "GET") != 0) || call->body)
        trace_break(&world->trace, "%s sends a %s, but may only send GET", name, call->method);
    if (record->attempts >= ATTEMPTS_MAX)
        trace_break(&world->trace, "%s makes attempt %d of a call", name, record->attempts + 1);
    if (record->answered)
        trace_break(&world->trace, "%s sends a call again after an answer", name);
    if (call->deadline > record->deadline || deadline_left(call->deadline) > share_ms)
        trace_break(&world->trace, "%s gives an attempt more time than its share, or than the call has left", name);
}

static int note_attempt(struct call_record *record, uint16_t port)
{
    if (record->attempts > ATTEMPTS_MAX)
        return -1;
    int nth = record->attempts++;
    record->tried[nth].instance = instance_of_port(port);
    record->tried[nth].begin_ms = clock_ms();
    record->tried[nth].running = true;
    return nth;
}

static int note_choice(struct call_record *record, uint16_t port)
{
    struct choice choice = choice_of(record, port);
    if (!choice.chosen)
        return -1;
    bool is_last_resort = choice_is_last_resort(record, &choice);
    int nth = note_attempt(record, port);
    if (nth < 0)
        return -1;
    record->tried[nth].alone = choice_is_alone(&choice);
    record->tried[nth].missing = choice.missing;
    record->tried[nth].last_resort = is_last_resort;
    snprintf(record->tried[nth].id, ID_MAX, "%s", choice.chosen->id);
    record->caller->observed[record->tried[nth].instance].calls_now++;
    return nth;
}

/* The promises that need what the caller has seen of each instance. */
static void check_choice(struct call_record *record, uint16_t port)
{
    choice_check(record, port);
    ramps_check(record, port);
    turns_check(record, port);
    release_check(record, port);
    rates_attempt_begins(record, port);
    if (record->attempts > 0 && (backups_is_backup(record) || !is_first_listed(record, port))) {
        record->caller->retries_in[bucket_now(record->caller)]++;
        check_budget(record->caller);
    }
}

int calls_attempt_begins(struct call_record *record, const struct http_call *call)
{
    if (world_of(record)->is_ending)
        return -1;
    invariants_check_event(world_of(record));
    check_repetition(record, call);
    backups_check_begin(record);
    if (!record->caller->observed)
        return note_attempt(record, call->port);
    check_choice(record, call->port);
    return note_choice(record, call->port);
}

/* --- What an attempt shows ------------------------------------------------------------------------ */

/* The fifth failure in a row must eject it, unless half of the instances may be ejected already. */
static void note_fifth_failure(struct sim_caller *caller, struct observed_instance *observed, uint16_t port)
{
    struct call_record record = {.caller = caller};
    struct choice choice = choice_of(&record, port);
    size_t maybe_ejected = choice_maybe_ejected(caller) + !choice_is_maybe_ejected(observed);
    observed->failures = 0;
    observed->fifth_ms = clock_ms();
    if (choice.view.version != caller->called_version) /* the balancer does not have this list yet */
        return;
    if (!choice.chosen || choice.chosen->status != INSTANCE_PASSING || maybe_ejected > choice.passing / 2)
        return;
    observed->ejected_ms = clock_ms();
    observed->ejected_version = choice.view.version;
}

/* An attempt has failed, or an answer has come. */
static void observe_attempt(struct call_record *record, int nth, const struct http_call *call, bool answered,
                            enum err_code code, int64_t took_ms)
{
    struct world *world = world_of(record);
    struct observed_instance *observed = &record->caller->observed[instance_of_port(call->port)];
    int64_t began_ms = clock_ms() - took_ms;
    rates_attempt_ended(record->caller, call->port, !answered);
    if (answered) {
        observed->failures = observed->cancelled = 0;
        if (began_ms >= observed->ejected_ms)
            observed->ejected_ms = 0; /* it was called as the last resort, and works */
        return;
    }
    if (clock_ms() - observed->failed_ms > OUTLIER_EJECT_MS / 2)
        observed->failures = 0; /* it may have been ejected meanwhile, for a reason that is not seen here */
    observed->failed_ms = clock_ms();
    observed->failures_ever++;
    /* Another entry of the instance may be missing while this one is listed. */
    bool was_missing = nth >= 0 && record->tried[nth].missing;
    bool removes = code != ERR_TIMEOUT || choice_of(record, call->port).named > 0;
    if (removes)
        observed->removable_ms = clock_ms();
    if (removes && was_missing && observed->missing && clock_ms() - took_ms > observed->missing_since_ms) {
        observed->failed_missing_ms = clock_ms();
        observed->failed_missing_port = call->port;
    }
    trace_note(&world->trace, record->caller->process.name, "fails to call", call->port);
    /* A call that began before its ejection, or with another list, does not count. */
    bool is_old = began_ms <= observed->fifth_ms || began_ms < record->caller->called_since_ms;
    bool is_last_resort = nth >= 0 && record->tried[nth].last_resort;
    if (!is_old && !is_last_resort && ++observed->failures >= OUTLIER_FAILURES)
        note_fifth_failure(record->caller, observed, call->port);
}

void calls_attempt_ended(struct call_record *record, int nth, const struct http_call *call, int status,
                         enum err_code code, int64_t took_ms)
{
    struct world *world = world_of(record);
    struct observed_instance *all = record->caller->observed;
    /* A timeout after less than half of an attempt's share does not count as a failure. */
    bool cut_short = code == ERR_TIMEOUT && took_ms * 2 < world->settings.call_timeout_ms / ATTEMPTS_MAX;
    bool answered = status > 0 && status < 500;
    if (nth >= 0) {
        record->tried[nth].running = false;
        record->tried[nth].was_cancelled = code == ERR_CANCELLED;
    }
    if (all)
        all[instance_of_port(call->port)].cancelled += code == ERR_CANCELLED;
    if (world->is_ending || code == ERR_CANCELLED || cut_short)
        return;
    invariants_check_event(world);
    record->answered |= answered;
    world->failed_attempts += !answered;
    if (all)
        observe_attempt(record, nth, call, answered, code, took_ms);
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

/* It must not give up while it has attempts, time and budget, and an untried instance. */
static void check_gave_up(const struct call_record *record, enum service_outcome outcome)
{
    struct world *world = world_of(record);
    struct choice choice = choice_of(record, 0);
    const char *name = record->caller->process.name;
    if (outcome == SERVICE_NO_INSTANCE && choice.passing > 0)
        trace_break(&world->trace, "%s finds no instance, although %zu are passing", name, choice.passing);
    if (record->attempts == 0 || record->attempts >= ATTEMPTS_MAX || deadline_left(record->deadline) == 0)
        return;
    if (choice.idle > 0 && retries_lately(record->caller) < RETRY_SPARE)
        trace_break(&world->trace, "%s gives up a call after %d attempts, while %zu passing ones are untried", name,
                    record->attempts, choice.idle);
}

/* --- 6: without faults no call fails ----------------------------------------------------------------- */

static bool any_instance_is_up(const struct world *world)
{
    for (int i = 0; i < world->settings.instances; i++)
        if (world->instances[i].life == UP)
            return true;
    return false;
}

void calls_ended(struct call_record *record, const struct service_reply *reply)
{
    struct world *world = world_of(record);
    const char *name = record->caller->process.name;
    bool is_observed = record->caller->observed != NULL;
    for (int i = 0; is_observed && i < record->attempts; i++)
        record->caller->observed[record->tried[i].instance].calls_now--;
    if (is_observed && record->attempts == 0)
        ramps_forget(record->caller);
    if (world->is_ending || record->caller->process.killed)
        return;
    world->calls++;
    if (is_observed)
        backups_check_blame(record);
    if (clock_ms() > record->deadline)
        trace_break(&world->trace, "%s waited %" PRId64 " ms past the deadline of a call", name,
                    clock_ms() - record->deadline);
    if (reply->outcome == SERVICE_OK)
        return;
    world->failed_calls++;
    trace_note(&world->trace, name, "has a call that failed, with outcome", reply->outcome);
    if (is_observed)
        check_gave_up(record, reply->outcome);
    if (world->calm_since_ms != DEADLINE_NONE && any_instance_is_up(world) &&
        record->begin_ms - longer(world->calm_since_ms, record->caller->process.healthy_since_ms) >
            bound_calm_ms(&world->settings))
        trace_break(&world->trace, "%s has a failed call, although there was no fault for %" PRId64 " ms: %s", name,
                    clock_ms() - world->calm_since_ms, reply->err.text);
}
