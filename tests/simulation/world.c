#include "simulation/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "loop/loop.h"
#include "net/json.h"
#include "simulation/bounds.h"
#include "simulation/faults.h"
#include "simulation/invariants.h"
#include "simulation/rolling.h"
#include "simulation/simulation.h"

static struct world *running; /* for who catches a crash */
static bool is_verbose;

void world_note(struct world *world, const char *who, const char *what, int64_t number)
{
    trace_note(&world->trace, who, what, number);
}

/* --- A broken promise -------------------------------------------------------------------- */

void simulation_report(const char *reason)
{
    if (!running)
        return;
    fprintf(stderr, "seed %" PRIu64 " at %.3f s: %s\n", running->seed, (double)clock_ms() / 1000, reason);
    settings_write(&running->settings);
    trace_write(&running->trace);
    fprintf(stderr, "seed %" PRIu64 " at %.3f s: %s\nagain: make simulate SEED=%" PRIu64 " MINUTES=%" PRId64 "\n",
            running->seed, (double)clock_ms() / 1000, reason, running->seed, running->minutes);
}

void world_break(struct world *world, const char *fmt, ...)
{
    if (*world->broken)
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(world->broken, sizeof world->broken, fmt, args);
    va_end(args);
    simulation_report(world->broken);
    wait_queue_wake_all(&world->over);
}

void simulation_be_verbose(void)
{
    is_verbose = true;
    trace_be_verbose();
}

/* --- One world, from its first moment to its last ------------------------------------------- */

static void populate(struct world *world)
{
    for (int i = 0; i < world->settings.registries; i++) {
        sim_registry_open(&world->registries[i], world, i > 0);
        group_go(&world->traffic, sim_registry_run, &world->registries[i]);
    }
    for (int i = 0; i < world->settings.instances; i++) {
        instance_open(&world->instances[i], world, i);
        instance_start(&world->instances[i], false);
    }
    for (int i = 0; i < world->settings.callers; i++) {
        caller_open(&world->callers[i], world, i);
        caller_start(&world->callers[i]);
        group_go(&world->traffic, caller_run, &world->callers[i]);
    }
}

/* True: nothing is broken yet. */
static bool let_pass(struct world *world, int64_t ms)
{
    if (!*world->broken)
        wait_queue_park(&world->over, deadline_in(ms));
    return !*world->broken;
}

static void wind_up(struct world *world)
{
    group_cancel(&world->faults);
    group_join(&world->faults);
    world->is_ending = true;
    group_cancel(&world->traffic);
    group_join(&world->traffic);
    for (int i = 0; i < world->settings.callers; i++)
        caller_stop(&world->callers[i]);
    for (int i = 0; i < world->settings.instances; i++)
        instance_kill(&world->instances[i]);
    fiber_sleep(LATE_MS + HOP_MS); /* for messages that are still on their way */
    for (int i = 0; i < world->settings.registries; i++)
        sim_registry_close(&world->registries[i]);
    if (fibers_alive() > 1) {
        world_break(world, "%zu fibers have not ended", fibers_alive() - 1);
        exit(1); /* nobody can wait for them */
    }
}

static void go_wrong(struct world *world)
{
    if (world->settings.only_rolling || chance(3))
        rolling_begin(world);
    else
        fault_begin(world);
}

/* Faults up to the last minutes; then all must come back. */
static void direct(void *arg)
{
    struct world *world = arg;
    int64_t end_ms = deadline_in(world->minutes * 60000);
    int64_t calm_ms = bound_return_ms(&world->settings) + bound_learn_ms(&world->settings) + 1000;
    populate(world);
    while (let_pass(world, between(1, 2 * world->settings.fault_every_ms)) && deadline_left(end_ms) > calm_ms)
        go_wrong(world);
    group_cancel(&world->faults);
    group_join(&world->faults);
    let_pass(world, deadline_left(end_ms));
    wind_up(world);
}

int simulation_run(uint64_t seed, int64_t minutes)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        return -1;
    clock_make_virtual(1000000); /* not 0: that means "never" to some */
    rand_seed(seed);
    log_set_level(is_verbose ? LOG_INFO : LOG_ERROR);
    json_init();
    world->seed = seed;
    world->minutes = minutes;
    world->calm_since_ms = clock_ms();
    running = world;
    settings_draw(&world->settings);
    if (is_verbose)
        settings_write(&world->settings);

    loop_run_virtual(direct, world);
    running = NULL;
    int status = *world->broken ? -1 : 0;
    free(world);
    return status;
}
