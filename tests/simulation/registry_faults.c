#include "simulation/registry_faults.h"

#include "base/rand.h"

/* --- It is not to be had ---------------------------------------------------------- */

static void begin_refusing(struct fault *fault)
{
    sim_registry_set_mode(fault->registry, REFUSES);
    sim_registry_restart(fault->registry, false, false);
}

static void end_with_state(struct fault *fault)
{
    sim_registry_restart(fault->registry, false, chance(50));
    sim_registry_set_mode(fault->registry, WELL);
}

static void end_without_state(struct fault *fault)
{
    sim_registry_restart(fault->registry, true, false);
    sim_registry_set_mode(fault->registry, WELL);
}

static void begin_hanging(struct fault *fault)
{
    sim_registry_set_mode(fault->registry, HANGS);
}

static void begin_failing(struct fault *fault)
{
    sim_registry_set_mode(fault->registry, FAILS);
}

static void begin_leaderless(struct fault *fault)
{
    sim_registry_set_mode(fault->registry, HAS_NO_LEADER);
}

static void begin_slow(struct fault *fault)
{
    sim_registry_set_mode(fault->registry, IS_SLOW);
}

static void end_mode(struct fault *fault)
{
    sim_registry_set_mode(fault->registry, WELL);
}

/* --- It forgets ---------------------------------------------------------------------- */

static uint64_t most(void)
{
    uint64_t half = rand_u64();
    return half | rand_u64();
}

static void lose_most(struct fault *fault)
{
    sim_registry_lose(fault->registry, most());
}

/* Several agents behind one name: what is told to one, the others do not know. */
static void begin_forgetting(struct fault *fault)
{
    fault->registry->forgets = true;
    sim_registry_restart(fault->registry, true, false);
}

static void end_forgetting(struct fault *fault)
{
    fault->registry->forgets = false;
}

/* --- It answers, and what it says is not so --------------------------------------------- */

static void begin_empty(struct fault *fault)
{
    fault->registry->says_empty = true;
    sim_registry_change(fault->registry);
}

static void begin_hiding(struct fault *fault)
{
    fault->registry->hides = rand_u64();
    sim_registry_change(fault->registry);
}

static void begin_hiding_most(struct fault *fault)
{
    fault->registry->hides = most();
    sim_registry_change(fault->registry);
}

static void begin_doubling(struct fault *fault)
{
    fault->registry->doubles = rand_u64() | 1;
    sim_registry_change(fault->registry);
}

static void end_view(struct fault *fault)
{
    fault->registry->says_empty = false;
    fault->registry->hides = fault->registry->doubles = 0;
    sim_registry_change(fault->registry);
}

/* --- Its index ------------------------------------------------------------------------------ */

static void begin_jumping(struct fault *fault)
{
    fault->registry->index_whim = INDEX_JUMPS;
    sim_registry_change(fault->registry);
}

static void begin_falling(struct fault *fault)
{
    fault->registry->index_whim = INDEX_FALLS;
    sim_registry_change(fault->registry);
}

static void end_index(struct fault *fault)
{
    fault->registry->index_whim = INDEX_TELLS;
    fault->registry->index = 1 + rand_below(2); /* and from the beginning */
    wait_queue_wake_all(&fault->registry->changed);
}

const struct fault_kind registry_faults[] = {
    {"is down", ON_REGISTRY, 90000, begin_refusing, end_with_state, SILENCES},
    {"restarts and forgets", ON_REGISTRY, 20000, begin_refusing, end_without_state, SILENCES},
    {"hangs", ON_REGISTRY, 60000, begin_hanging, end_mode, SILENCES},
    {"fails", ON_REGISTRY, 60000, begin_failing, end_mode, SILENCES},
    {"has no leader", ON_REGISTRY, 60000, begin_leaderless, end_mode, SILENCES},
    {"is slow", ON_REGISTRY, 60000, begin_slow, end_mode, DISTURBS},
    {"loses most", ON_REGISTRY, 10, lose_most, NULL, DISTURBS},
    {"forgets what it is told", ON_REGISTRY, 60000, begin_forgetting, end_forgetting, DISTURBS},
    {"says that there is nobody", ON_REGISTRY, 90000, begin_empty, end_view, DISTURBS},
    {"hides some", ON_REGISTRY, 90000, begin_hiding, end_view, DISTURBS},
    {"hides most", ON_REGISTRY, 90000, begin_hiding_most, end_view, DISTURBS},
    {"names some twice", ON_REGISTRY, 60000, begin_doubling, end_view, DISTURBS},
    {"has an index that jumps", ON_REGISTRY, 30000, begin_jumping, end_index, DISTURBS},
    {"has an index that falls", ON_REGISTRY, 30000, begin_falling, end_index, DISTURBS},
};

const size_t registry_fault_count = sizeof registry_faults / sizeof *registry_faults;
