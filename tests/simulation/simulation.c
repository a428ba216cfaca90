#include "simulation/simulation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "loop/loop.h"
#include "net/json.h"
#include "simulation/bounds.h"
#include "simulation/caller_process.h"
#include "simulation/checker.h"
#include "simulation/faults.h"
#include "simulation/instance_process.h"
#include "simulation/rolling.h"

static struct world *running; /* for simulation_report() */
static bool is_verbose;

void simulation_report(const char *reason)
{
    if (running)
        trace_report(&running->trace, reason);
}

void simulation_be_verbose(void)
{
    is_verbose = true;
    trace_be_verbose();
}

/* --- One world, from start to end ----------------------------------------------------------- */

static void start_all(struct world *world)
{
    for (int i = 0; i < world->settings.registries; i++) {
        struct sim_registry *registry = &world->registries[i];
        registry->world = world;
        registry->settings = &world->settings;
        registry->instances = world->instances;
        registry->trace = &world->trace;
        sim_registry_open(registry, world->settings.kinds[i]);
        group_go(&world->traffic, checker_run, registry);
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

/* True: no promise is broken yet. */
static bool wait_unless_broken(struct world *world, int64_t ms)
{
    if (!*world->trace.broken)
        wait_queue_park(&world->trace.over, deadline_in(ms));
    return !*world->trace.broken;
}

static void shut_down(struct world *world)
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
    fiber_sleep(LATE_MS + HOP_MS); /* until the last messages have arrived */
    for (int i = 0; i < world->settings.registries; i++)
        sim_registry_close(&world->registries[i]);
    if (fibers_alive() > 1) {
        trace_break(&world->trace, "%zu fibers have not ended", fibers_alive() - 1);
        exit(1); /* they would also run in the next world */
    }
}

static void begin_disturbance(struct world *world)
{
    if (world->settings.only_rolling || chance(3))
        rolling_begin(world);
    else
        fault_begin(world);
}

/* Faults until shortly before the end; then all must recover. */
static void run_world(void *arg)
{
    struct world *world = arg;
    int64_t end_ms = deadline_in(world->trace.minutes * 60000);
    int64_t calm_ms = bound_return_ms(&world->settings) + bound_learn_ms(&world->settings) + 1000;
    start_all(world);
    while (wait_unless_broken(world, between(1, 2 * world->settings.fault_every_ms)) && deadline_left(end_ms) > calm_ms)
        begin_disturbance(world);
    group_cancel(&world->faults);
    group_join(&world->faults);
    wait_unless_broken(world, deadline_left(end_ms));
    shut_down(world);
}

int simulation_run(uint64_t seed, int64_t minutes)
{
    clock_make_virtual(1000000); /* not 0, which means "never" in some variables */
    rand_seed(seed);
    log_set_level(is_verbose ? LOG_INFO : LOG_ERROR);
    json_init();
    struct settings settings = {0};
    settings_draw(&settings);
    struct world *world = world_new(&settings);
    if (!world)
        return -1;
    world->trace.seed = seed;
    world->trace.minutes = minutes;
    running = world;
    if (is_verbose)
        trace_write_settings(&world->trace);

    loop_run_virtual(run_world, world);
    running = NULL;
    int status = *world->trace.broken ? -1 : 0;
    world_free(world);
    return status;
}
