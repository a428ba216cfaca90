#include "simulation/rates.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "client/service_client.h"
#include "simulation/choice.h"
#include "simulation/world.h"

enum {
    OUT_MS = 10000 + 1000,  /* by docs/reference.md; and the time until the next call */
    PER_SECOND = 16,        /* calls to an instance with which it is found in that time */
    GAP_MS = 5000,          /* so long without a call: it was ejected meanwhile */
    SETTLE_MS = 6000,       /* until an interval has ended that began before the fault */
    SAMPLE = 64,            /* calls between two looks at the caller's metrics */
};

/* --- What a caller shows ----------------------------------------------------------------- */

static int number_after(const char *page, const char *name)
{
    const char *at = strstr(page, name);
    return at ? atoi(at + strlen(name)) : -1;
}

static void look(struct sim_caller *caller, int *ejected_now, int *for_rate)
{
    struct buf page = BUF_INIT(1024 * 1024);
    service_client_metrics(caller->client, &page);
    *ejected_now = number_after(buf_text(&page), "\ndiscovery_instances_ejected{service=\"" SERVICE "\"} ");
    *for_rate = number_after(buf_text(&page),
                             "\ninstance_ejections_total{service=\"" SERVICE "\",cause=\"failure_rate\"} ");
    buf_close(&page);
}

/* --- A time in which only one fault is on: instances that fail half of their calls ------- */

static bool may_be_out(const struct sim_caller *caller, const struct instance_list *list, int except)
{
    for (size_t i = 0; i < list->count; i++) {
        int number = instance_of_port(list->at[i].port);
        bool is_sound = list->at[i].status == INSTANCE_PASSING && !list->at[i].maintenance && !list->at[i].node_down &&
                        !choice_is_maybe_ejected(&caller->observed[number]);
        if (!is_sound && number != except)
            return true;
    }
    return false;
}

static int count_failing(const struct world *world)
{
    int count = 0;
    for (int i = 0; i < world->settings.instances; i++)
        count += world->instances[i].fails_half;
    return count;
}

static void begin_window(struct sim_caller *caller, uint64_t version)
{
    caller->rates = (struct rate_window){.since_ms = clock_ms(), .version = version};
    for (int i = 0; i < caller->process.world->settings.instances; i++)
        caller->observed[i].rate_calls = caller->observed[i].rate_last_ms = 0;
}

/* Any other fault, or another list, ends the window. */
static bool window_goes_on(struct sim_caller *caller, uint64_t version)
{
    const struct world *world = caller->process.world;
    if (caller->rates.since_ms > 0 && caller->rates.version == version && world->faults_now == 1 && !world->rolling &&
        count_failing(world) > 0)
        return true;
    begin_window(caller, version);
    return false;
}

void rates_attempt_ended(struct sim_caller *caller, uint16_t port, bool failed)
{
    int number = instance_of_port(port);
    struct rate_window *window = &caller->rates;
    if (failed && !caller->process.world->instances[number].fails_half)
        window->since_ms = 0;
    window->all++;
    caller->observed[number].rate_calls++;
    caller->observed[number].rate_last_ms = clock_ms();
}

/* --- 17: one that fails half of its calls is out ------------------------------------------ */

static bool are_many(int64_t calls, int64_t ms)
{
    return calls * 1000 >= PER_SECOND * ms;
}

static void check_is_out(struct sim_caller *caller, const struct choice *choice, int number)
{
    struct world *world = caller->process.world;
    const struct rate_window *window = &caller->rates;
    int64_t ms = clock_ms() - window->since_ms, calls = caller->observed[number].rate_calls;
    if (calls > 0 && clock_ms() - caller->observed[number].rate_last_ms > GAP_MS) {
        begin_window(caller, window->version);
        return;
    }
    if (ms > OUT_MS && are_many(calls, ms) && are_many(window->all - calls, ms) &&
        choice->passing >= 2 && !may_be_out(caller, choice->view.list, number))
        trace_break(&world->trace, "%s calls %s, which has failed half of %" PRId64 " calls in %" PRId64
                    " ms, and the others none of %" PRId64, caller->process.name, choice->chosen->id,
                    calls, ms, window->all - calls);
}

/* --- 18: if all fail alike, none is ejected; 19: at most half are -------------------------- */

static void check_alike(struct sim_caller *caller, int for_rate)
{
    struct rate_window *window = &caller->rates;
    if (clock_ms() - window->since_ms < SETTLE_MS)
        window->ejections = for_rate;
    else if (for_rate > window->ejections)
        trace_break(&caller->process.world->trace, "%s ejects an instance for its failure rate, while all fail alike",
                    caller->process.name);
}

static void check_half(struct sim_caller *caller, const struct instance_list *list, int ejected)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i].status != INSTANCE_PASSING || list->at[i].maintenance || list->at[i].node_down)
            return;
    if ((size_t)ejected > list->count / 2)
        trace_break(&caller->process.world->trace, "%s has ejected %d of %zu instances", caller->process.name, ejected,
                    list->count);
}

void rates_attempt_begins(const struct call_record *record, uint16_t port)
{
    struct sim_caller *caller = record->caller;
    struct world *world = caller->process.world;
    struct choice choice = choice_of(record, port);
    if (!choice.chosen)
        return;
    bool goes_on = window_goes_on(caller, choice.view.version);
    bool has_sides = world->settings.route.canary.by != CANARY_NONE; /* the others of its side are fewer */
    int failing = count_failing(world), ejected, for_rate;
    if (goes_on && failing == 1 && !has_sides && world->instances[instance_of_port(port)].fails_half)
        check_is_out(caller, &choice, instance_of_port(port));
    if (++caller->until_look % SAMPLE != 0)
        return;
    look(caller, &ejected, &for_rate);
    check_half(caller, choice.view.list, ejected);
    if (goes_on && failing == world->settings.instances)
        check_alike(caller, for_rate);
}
