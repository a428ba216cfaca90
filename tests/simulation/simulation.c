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
#include "simulation/faults.h"
#include "simulation/population.h"
#include "simulation/rolling.h"
#include "simulation/story.h"

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

/* True: no promise is broken yet. */
static bool wait_unless_broken(struct world *world, int64_t ms)
{
    if (!*world->trace.broken)
        wait_queue_park(&world->trace.over, deadline_in(ms));
    return !*world->trace.broken;
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
    population_start_instances(world);
    population_start_callers(world);
    while (wait_unless_broken(world, between(1, 2 * world->settings.fault_every_ms)) && deadline_left(end_ms) > calm_ms)
        begin_disturbance(world);
    group_cancel(&world->faults);
    group_join(&world->faults);
    wait_unless_broken(world, deadline_left(end_ms));
    population_stop(world);
}

static void tell_story(void *arg)
{
    struct world *world = arg;
    story_tell(world);
    population_stop(world);
}

static void prepare(uint64_t seed)
{
    clock_make_virtual(1000000); /* not 0, which means "never" in some variables */
    rand_seed(seed);
    log_set_level(is_verbose ? LOG_INFO : LOG_ERROR);
    json_init();
}

static int run(const struct settings *settings, uint64_t seed, int64_t minutes, void (*script)(void *world))
{
    struct world *world = world_new(settings);
    if (!world)
        return -1;
    world->trace.seed = seed;
    world->trace.minutes = minutes;
    running = world;
    if (is_verbose)
        trace_write_settings(&world->trace);

    loop_run_virtual(script, world);
    running = NULL;
    int status = *world->trace.broken ? -1 : 0;
    world_free(world);
    return status;
}

int simulation_run(uint64_t seed, int64_t minutes)
{
    struct settings settings = {0};
    prepare(seed);
    settings_draw(&settings);
    return run(&settings, seed, minutes, run_world);
}

int simulation_tell_story(uint64_t seed, int callers, int instances)
{
    struct settings settings;
    prepare(seed);
    settings_for_size(&settings, callers, instances);
    return run(&settings, seed, 0, tell_story);
}
