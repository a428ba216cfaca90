/* The promises about calls: whom they go to, and how often. */
#include <inttypes.h>
#include <string.h>

#include "balance/outlier.h"
#include "base/clock.h"
#include "client/retry_budget.h"
#include "client/service_client.h"
#include "discovery/discovery.h"
#include "simulation/bounds.h"
#include "simulation/instances.h"
#include "simulation/invariants.h"

enum {
    BUCKET_MS = 100,
    BUCKETS = WINDOW_S * 10,
    TAKE_OUT_MS = 100, /* those who are missing and failed are taken out together (roster.c BATCH_MS) */
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
        world_break(caller->process.world, "%s made %d retries for %d calls", caller->process.name, retries, calls);
}

void invariants_call(struct call_record *record)
{
    record->caller->calls_in[bucket_now(record->caller)]++;
}

/* --- 5: what may be sent again ------------------------------------------------------------ */

static bool has_tried(const struct call_record *record, int instance)
{
    for (int i = 0; i < record->attempts; i++)
        if (record->tried[i] == instance)
            return true;
    return false;
}

static void check_repetition(struct call_record *record, const struct http_call *call)
{
    struct world *world = world_of(record);
    const char *who = record->caller->process.name;
    int64_t share_ms = world->settings.call_timeout_ms / ATTEMPTS_MAX;
    if ((call->method && strcmp(call->method, "GET") != 0) || call->body)
        world_break(world, "%s sends a %s, which this client must not", who, call->method);
    if (record->attempts >= ATTEMPTS_MAX)
        world_break(world, "%s makes attempt %d of a call", who, record->attempts + 1);
    if (record->answered)
        world_break(world, "%s sends a call again that was answered", who);
    if (has_tried(record, instance_of_port(call->port)))
        world_break(world, "%s sends a call twice to %s", who, world->instances[instance_of_port(call->port)].process.name);
    if (call->deadline > record->deadline || deadline_left(call->deadline) > share_ms)
        world_break(world, "%s gives an attempt more time than the call, or its share, has", who);
}

/* --- 1: whom it may go to -------------------------------------------------------------------- */

/* What the caller's list says when a call goes out. */
struct choice {
    struct discovery_view view;
    const struct instance *chosen; /* NULL: not in the list */
    bool missing;
    size_t passing;         /* in the list, missing ones too: they count as they last were */
    size_t live_elsewhere;  /* passing, truly alive, and not the chosen one */
    size_t in_turn;         /* passing, not ejected as far as the witness can tell, and not tried */
    size_t at_leisure;      /* passing, and no call is under way that tried it */
};

/* It had five failures, whatever lay between them, and the last not too long ago. */
static bool is_maybe_ejected(const struct acquaintance *known)
{
    return known->failures_ever >= OUTLIER_FAILURES && clock_ms() - known->failed_ms <= OUTLIER_EJECT_MAX_MS;
}

static void count_untried(struct choice *choice, const struct call_record *record, int instance)
{
    const struct acquaintance *known = &record->caller->known[instance];
    if (has_tried(record, instance))
        return;
    choice->in_turn += !is_maybe_ejected(known);
    choice->at_leisure += known->calls_now == 0;
}

static struct choice choice_of(const struct call_record *record, uint16_t port)
{
    struct choice choice = {0};
    const struct instance_list *list;
    if (discovery_look(record->caller->discovery, SERVICE, &choice.view) != 0)
        return choice;
    list = choice.view.list;
    for (size_t i = 0; list && i < list->count; i++) {
        const struct instance *instance = &list->at[i];
        bool passes = instance->status == INSTANCE_PASSING;
        choice.passing += passes;
        if (passes)
            count_untried(&choice, record, instance_of_port(instance->port));
        if (instance->port == port) {
            choice.chosen = instance;
            choice.missing = choice.view.missing && choice.view.missing[i];
        } else if (passes) {
            const struct world *world = world_of(record);
            choice.live_elsewhere += instance_is_at(&world->instances[instance_of_port(instance->port)], instance->port);
        }
    }
    return choice;
}

/* At most half, rounded down, are ejected; and who was tried is not tried again. */
static bool has_passing_one(const struct call_record *record, const struct choice *choice)
{
    return choice->passing - choice->passing / 2 > (size_t)record->attempts;
}

static void check_alive(const struct call_record *record, const struct choice *choice, uint16_t port)
{
    struct world *world = world_of(record);
    const struct sim_instance *instance = &world->instances[instance_of_port(port)];
    int64_t since_ms = longer(world->registry.well_since_ms, record->caller->process.well_since_ms);
    if (instance_is_at(instance, port) || choice->live_elsewhere == 0)
        return;
    since_ms = longer(since_ms, instance->died_ms[life_of_port(port)]);
    if (world->settings.check == CHECK_TTL && instance->life == UP) /* its next life beats for the same id */
        since_ms = longer(since_ms, instance->process.well_since_ms);
    if (since_ms == DEADLINE_NONE)
        return;
    int64_t bound_ms = bound_detect_ms(&world->settings) + bound_learn_ms(&world->settings);
    if (choice->missing)
        bound_ms += MISSING_MS;
    if (clock_ms() - since_ms > bound_ms)
        world_break(world, "%s calls %s on port %d, dead for %" PRId64 " ms, while it knows %zu live ones",
                    record->caller->process.name, instance->process.name, port,
                    clock_ms() - instance->died_ms[life_of_port(port)], choice->live_elsewhere);
}

/* Another list may readmit, or make new peers of old ones: rows of failures begin anew. */
static void note_version(struct sim_caller *caller, uint64_t version)
{
    if (caller->called_version == version)
        return;
    caller->called_version = version;
    caller->called_since_ms = clock_ms();
    for (int i = 0; i < INSTANCES_MAX; i++)
        caller->known[i].failures = 0;
}

static void check_choice(const struct call_record *record, uint16_t port)
{
    struct world *world = world_of(record);
    const char *who = record->caller->process.name;
    const struct acquaintance *known = &record->caller->known[instance_of_port(port)];
    struct choice choice = choice_of(record, port);
    if (!choice.chosen) {
        world_break(world, "%s calls port %d, which is not in its list", who, port);
        return;
    }
    note_version(record->caller, choice.view.version);
    check_alive(record, &choice, port);
    if (choice.chosen->status == INSTANCE_CRITICAL && has_passing_one(record, &choice))
        world_break(world, "%s calls %s, which is critical, while %zu pass", who, choice.chosen->id, choice.passing);
    if (choice.missing && known->failed_missing_ms > known->missing_since_ms &&
        clock_ms() - known->failed_missing_ms > TAKE_OUT_MS)
        world_break(world, "%s calls %s, which is missing, and failed before", who, choice.chosen->id);
    bool is_last_resort = record->attempts > 0 && choice.in_turn == 0;
    if (known->ejected_ms && known->ejected_version == choice.view.version && !is_last_resort &&
        clock_ms() - known->ejected_ms < OUTLIER_EJECT_MS - world->settings.call_timeout_ms)
        world_break(world, "%s calls %s %" PRId64 " ms after its fifth failure in a row", who, choice.chosen->id,
                    clock_ms() - known->ejected_ms);
}

void invariants_attempt(struct call_record *record, const struct http_call *call)
{
    struct sim_caller *caller = record->caller;
    if (world_of(record)->is_ending)
        return;
    invariants_sweep(world_of(record));
    check_repetition(record, call);
    check_choice(record, call->port);
    if (record->attempts > 0) {
        caller->retries_in[bucket_now(caller)]++;
        check_budget(caller);
    }
    if (record->attempts <= ATTEMPTS_MAX) {
        record->tried[record->attempts++] = instance_of_port(call->port);
        caller->known[instance_of_port(call->port)].calls_now++;
    }
}

/* --- What a call has shown ------------------------------------------------------------------------ */

/* The fifth in a row must eject it, where fewer than half may be ejected already. */
static void note_fifth(struct sim_caller *caller, struct acquaintance *known, uint16_t port)
{
    struct call_record record = {.caller = caller};
    struct choice choice = choice_of(&record, port);
    size_t maybe_ejected = 1;
    for (int i = 0; i < INSTANCES_MAX; i++)
        maybe_ejected += &caller->known[i] != known && is_maybe_ejected(&caller->known[i]);
    known->failures = 0;
    known->fifth_ms = clock_ms();
    if (choice.view.version != caller->called_version) /* its balancer has not seen this list yet */
        return;
    if (!choice.chosen || choice.chosen->status != INSTANCE_PASSING || maybe_ejected > choice.passing / 2)
        return;
    known->ejected_ms = clock_ms();
    known->ejected_version = choice.view.version;
}

void invariants_attempt_end(struct call_record *record, const struct http_call *call, int status, enum err_code code,
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
    world_note(world, record->caller->process.name, "fails to call", call->port);
    /* What began before its ejection, or with another list, says nothing. */
    bool is_old = began_ms <= known->fifth_ms || began_ms < record->caller->called_since_ms;
    if (!is_old && ++known->failures >= OUTLIER_FAILURES)
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
        world_break(world, "%s knows of no instance, but %zu that pass", who, choice.passing);
    if (record->attempts == 0 || record->attempts >= ATTEMPTS_MAX || deadline_left(record->deadline) == 0)
        return;
    if (choice.at_leisure > 0 && retries_lately(record->caller) < RETRY_SPARE)
        world_break(world, "%s gives a call up after %d attempts, while %zu that pass were not asked", who,
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

void invariants_call_end(struct call_record *record, const struct service_reply *reply)
{
    struct world *world = world_of(record);
    const char *who = record->caller->process.name;
    for (int i = 0; i < record->attempts; i++)
        record->caller->known[record->tried[i]].calls_now--;
    if (world->is_ending || record->caller->process.killed)
        return;
    if (clock_ms() > record->deadline)
        world_break(world, "%s waited %" PRId64 " ms past the deadline of a call", who, clock_ms() - record->deadline);
    if (reply->outcome == SERVICE_OK)
        return;
    world_note(world, who, "has a call that failed, with outcome", reply->outcome);
    check_giving_up(record, reply->outcome);
    if (world->calm_since_ms != DEADLINE_NONE && some_instance_lives(world) &&
        record->begin_ms - longer(world->calm_since_ms, record->caller->process.well_since_ms) >
            bound_calm_ms(&world->settings))
        world_break(world, "%s has a call that failed though nothing was wrong for %" PRId64 " ms: %s", who,
                    clock_ms() - world->calm_since_ms, reply->err.text);
}
