#include "simulation/story.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "simulation/bounds.h"
#include "simulation/instance_process.h"
#include "simulation/learning.h"
#include "simulation/population.h"
#include "simulation/rolling.h"

enum {
    LOOK_MS = 1000,
    QUIET_S = 120,
    SETTLE_MS = 5000,  /* after a change */
    RESTARTS_MAX = 10,
    ENTRY_BYTES = 1325, /* in Consul's reply: docs/scale-out.md */
};

/* --- The numbers of one step -------------------------------------------------------- */

struct step {
    int64_t begin_ms;
    double begin_cpu_s;
    uint64_t calls, failed_calls, failed_attempts; /* before it */
};

static double cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* The memory that this process has now. */
static double memory_mb(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file)
        return 0;
    if (fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static struct step step_begin(struct world *world, const char *name)
{
    world->registries[0].traffic = (struct traffic){0};
    printf("%s\n", name);
    fflush(stdout);
    return (struct step){clock_ms(), cpu_s(), world->calls, world->failed_calls, world->failed_attempts};
}

/* bytes: of one. 0: not known. */
static void write_flow(const char *name, const struct flow *flow, double seconds, double bytes)
{
    double mean = (double)flow->total / seconds, most = (double)flow->peak;
    if (flow->total == 0)
        return;
    printf("    %s: %" PRIu64 "; a second: mean %.0f, most %.0f", name, flow->total, mean, most);
    if (bytes > 0)
        printf("; MB a second: mean %.1f, most %.1f", mean * bytes / 1e6, most * bytes / 1e6);
    printf("\n");
}

static void step_end(struct world *world, const struct step *step)
{
    const struct traffic *traffic = &world->registries[0].traffic;
    double seconds = (double)(clock_ms() - step->begin_ms) / 1000, cpu = cpu_s() - step->begin_cpu_s;
    write_flow("registrations", &traffic->registrations, seconds, 0);
    write_flow("queries for the list", &traffic->queries, seconds, 0);
    write_flow("entries sent", &traffic->entries, seconds, ENTRY_BYTES);
    if (traffic->changed_lists > 0)
        printf("    changed lists received: %" PRIu64 "\n", traffic->changed_lists);
    if (world->calls > 0)
        printf("    calls: %" PRIu64 ", failed: %" PRIu64 "; failed attempts: %" PRIu64 "\n",
               world->calls - step->calls, world->failed_calls - step->failed_calls,
               world->failed_attempts - step->failed_attempts);
    printf("    it took %.1f s, and CPU time of %.1f s; memory now: %.0f MB\n", seconds, cpu, memory_mb());
    fflush(stdout);
}

/* --- Waiting ------------------------------------------------------------------------ */

static bool goes_on(const struct world *world)
{
    return !*world->trace.broken;
}

static int count_registered(const struct world *world)
{
    int count = 0;
    for (int i = 0; i < world->settings.instances; i++)
        count += sim_registry_has(&world->registries[0], i, world->instances[i].port);
    return count;
}

/* Until so many instances are registered and pass. If it takes too long, promise 2 is broken. */
static void wait_for_registered(struct world *world, int count)
{
    int64_t begin_ms = clock_ms();
    while (goes_on(world) && count_registered(world) != count)
        wait_queue_park(&world->registries[0].changed, deadline_in(LOOK_MS)); /* some breaks change no entry */
    printf("    the registry knows after %.1f s\n", (double)(clock_ms() - begin_ms) / 1000);
}

/* --- How evenly the calls are spread ------------------------------------------------ */

static void forget_calls(struct world *world)
{
    for (int i = 0; i < world->settings.instances; i++)
        world->instances[i].calls = 0;
}

static void write_spread(const struct world *world)
{
    int64_t least = INT64_MAX, most = 0, all = 0;
    for (int i = 0; i < world->settings.instances; i++) {
        int64_t calls = world->instances[i].calls;
        least = calls < least ? calls : least;
        most = longer(most, calls);
        all += calls;
    }
    printf("    calls of one instance: least %" PRId64 ", mean %.1f, most %" PRId64 "\n", least,
           (double)all / world->settings.instances, most);
}

/* --- The steps ---------------------------------------------------------------------- */

static void all_register(struct world *world)
{
    struct step step = step_begin(world, "all instances register");
    population_start_instances(world);
    wait_for_registered(world, world->settings.instances);
    step_end(world, &step);
}

static void all_callers_start(struct world *world)
{
    double before_mb = memory_mb();
    struct step step = step_begin(world, "all callers start");
    population_start_callers(world);
    learning_wait(world);
    fiber_sleep(SETTLE_MS);
    printf("    memory of a caller: %.2f MB\n", (memory_mb() - before_mb) / world->settings.callers);
    step_end(world, &step);
}

static void nothing_changes(struct world *world)
{
    struct step step = step_begin(world, "nothing changes");
    forget_calls(world);
    fiber_sleep(QUIET_S * 1000);
    write_spread(world);
    step_end(world, &step);
}

static void one_dies(struct world *world)
{
    struct step step = step_begin(world, "an instance dies without warning");
    world->calm_since_ms = clock_ms();
    instance_kill(&world->instances[0]);
    wait_for_registered(world, world->settings.instances - 1);
    learning_wait(world);
    fiber_sleep(SETTLE_MS);
    step_end(world, &step);
}

static void it_starts_again(struct world *world)
{
    struct step step = step_begin(world, "it starts again, on another port");
    instance_start(&world->instances[0], true);
    wait_for_registered(world, world->settings.instances);
    learning_wait(world);
    fiber_sleep(SETTLE_MS);
    step_end(world, &step);
}

static void all_is_lost(struct world *world)
{
    struct step step = step_begin(world, "Consul loses all data");
    world->calm_since_ms = world->registries[0].healthy_since_ms = clock_ms();
    sim_registry_restart(&world->registries[0], true, false);
    wait_for_registered(world, world->settings.instances);
    learning_wait(world);
    fiber_sleep(SETTLE_MS);
    step_end(world, &step);
}

static void restart_one(void *instance)
{
    rolling_restart(instance);
}

/* One begins each second. */
static void some_restart(struct world *world)
{
    struct step step = step_begin(world, "some instances restart, one a second");
    struct group restarts = {0};
    for (int i = 0; i < RESTARTS_MAX && i < world->settings.instances / 4; i++) {
        if (group_go(&restarts, restart_one, &world->instances[i]) != 0)
            break;
        fiber_sleep(1000);
    }
    group_join(&restarts);
    step_end(world, &step);
}

void story_tell(struct world *world)
{
    static void (*const steps[])(struct world *) = {all_register, all_callers_start, nothing_changes, one_dies,
                                                    it_starts_again, all_is_lost, some_restart};
    printf("%d callers, %d instances of one service, one Consul\n", world->settings.callers, world->settings.instances);
    for (size_t i = 0; goes_on(world) && i < sizeof steps / sizeof *steps; i++)
        steps[i](world);
}
