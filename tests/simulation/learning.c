#include "simulation/learning.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "discovery/discovery.h"
#include "simulation/bounds.h"

enum { LOOK_MS = 1 };

static bool knows(const struct sim_caller *caller, uint64_t index)
{
    struct discovery_view view;
    return discovery_look(caller->discovery, SERVICE, &view) == 0 && view.list && view.index >= index;
}

/* Adds the present moment for each caller that has learned the change. `known_ms` has 0 for the others. */
static int note_all(const struct world *world, uint64_t index, int64_t begin_ms, int64_t *known_ms)
{
    int count = 0;
    for (int i = 0; i < world->settings.callers; i++) {
        if (known_ms[i] == 0 && knows(&world->callers[i], index))
            known_ms[i] = clock_ms() - begin_ms;
        count += known_ms[i] != 0;
    }
    return count;
}

static int by_time(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

void learning_wait(struct world *world)
{
    uint64_t index = world->registries[0].index;
    int64_t begin_ms = clock_ms();
    int64_t deadline = deadline_in(bound_learn_ms(&world->settings));
    size_t callers = (size_t)world->settings.callers;
    int64_t *known_ms = calloc(callers, sizeof *known_ms);
    if (!known_ms)
        return;
    int count = 0;
    do {
        fiber_sleep(LOOK_MS);
        count = note_all(world, index, begin_ms, known_ms);
    } while (count < world->settings.callers && deadline_left(deadline) > 0);
    if (count < world->settings.callers)
        trace_break(&world->trace, "%d of %zu callers have learned a change within %" PRId64 " ms", count, callers,
                    clock_ms() - begin_ms);
    qsort(known_ms, callers, sizeof *known_ms, by_time);
    printf("    callers know: the first after %" PRId64 " ms, the median after %" PRId64 " ms, the last after %" PRId64
           " ms\n", known_ms[0], known_ms[callers / 2], known_ms[callers - 1]);
    free(known_ms);
}
