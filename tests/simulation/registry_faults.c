#include "simulation/registry_faults.h"

#include "base/rand.h"

/* --- It is down, hangs or fails ----------------------------------------------------- */

static void begin_refusing(struct fault *fault)
{
    sim_registry_set_mode(fault->registry, REFUSES);
    sim_registry_restart(fault->registry, false, false);
}

static void end_with_state(struct fault *fault)
{
    sim_registry_restart(fault->registry, false, chance(50));
    sim_registry_set_mode(fault->registry, HEALTHY);
}

static void end_without_state(struct fault *fault)
{
    sim_registry_restart(fault->registry, true, false);
    sim_registry_set_mode(fault->registry, HEALTHY);
}

static void begin_hanging(struct fault *fault)
{
    sim_registry_set_mode(fault->registry, HANGS);
}

static void begin_failing(struct fault *fault)
{
    sim_registry_set_mode(fault->registry, FAILS);
}

/* A kind that needs no leader fails instead. */
static void begin_leaderless(struct fault *fault)
{
    sim_registry_set_mode(fault->registry, fault->registry->kind->leader == NEVER_NEEDED ? FAILS : HAS_NO_LEADER);
}

static void begin_slow(struct fault *fault)
{
    sim_registry_set_mode(fault->registry, IS_SLOW);
}

static void end_mode(struct fault *fault)
{
    sim_registry_set_mode(fault->registry, HEALTHY);
}

/* --- It loses entries ---------------------------------------------------------------- */

static uint64_t random_majority(void)
{
    uint64_t half = rand_u64();
    return half | rand_u64();
}

static void begin_losing_most(struct fault *fault)
{
    sim_registry_lose(fault->registry, random_majority());
}

/* As when several agents share one name: a registration at one is unknown to the others. */
static void begin_forgetting(struct fault *fault)
{
    fault->registry->forgets_registrations = true;
    sim_registry_restart(fault->registry, true, false);
}

static void end_forgetting(struct fault *fault)
{
    fault->registry->forgets_registrations = false;
}

/* --- Its list is wrong ------------------------------------------------------------------ */

static void begin_empty(struct fault *fault)
{
    fault->registry->reports_empty = true;
    sim_registry_change(fault->registry);
}

static void begin_hiding(struct fault *fault)
{
    fault->registry->hidden_instances = rand_u64();
    sim_registry_change(fault->registry);
}

static void begin_hiding_most(struct fault *fault)
{
    fault->registry->hidden_instances = random_majority();
    sim_registry_change(fault->registry);
}

static void begin_doubling(struct fault *fault)
{
    fault->registry->doubled_instances = rand_u64() | 1;
    sim_registry_change(fault->registry);
}

static void begin_dead_node(struct fault *fault)
{
    fault->registry->has_dead_node = true;
    sim_registry_change(fault->registry);
}

static void end_view(struct fault *fault)
{
    fault->registry->reports_empty = fault->registry->has_dead_node = false;
    fault->registry->hidden_instances = fault->registry->doubled_instances = 0;
    sim_registry_change(fault->registry);
}

/* --- Its index is wrong --------------------------------------------------------------------- */

static void begin_jumping(struct fault *fault)
{
    fault->registry->index_fault = INDEX_JUMPS;
    sim_registry_change(fault->registry);
}

static void begin_falling(struct fault *fault)
{
    fault->registry->index_fault = INDEX_FALLS;
    sim_registry_change(fault->registry);
}

static void end_index(struct fault *fault)
{
    fault->registry->index_fault = INDEX_CORRECT;
    fault->registry->index = 1 + rand_below(2); /* starts from the beginning */
    wait_queue_wake_all(&fault->registry->changed);
}

const struct fault_kind registry_faults[] = {
    {"is down", ON_REGISTRY, 90000, begin_refusing, end_with_state, SILENCES},
    {"restarts without its state", ON_REGISTRY, 20000, begin_refusing, end_without_state, SILENCES},
    {"hangs", ON_REGISTRY, 60000, begin_hanging, end_mode, SILENCES},
    {"fails", ON_REGISTRY, 60000, begin_failing, end_mode, SILENCES},
    {"has no leader", ON_REGISTRY, 60000, begin_leaderless, end_mode, SILENCES},
    {"is slow", ON_REGISTRY, 60000, begin_slow, end_mode, DISTURBS},
    {"loses most instances", ON_REGISTRY, 10, begin_losing_most, NULL, DISTURBS},
    {"does not store registrations", ON_REGISTRY, 60000, begin_forgetting, end_forgetting, DISTURBS},
    {"reports an empty list", ON_REGISTRY, 90000, begin_empty, end_view, DISTURBS},
    {"hides some instances", ON_REGISTRY, 90000, begin_hiding, end_view, DISTURBS},
    {"hides most instances", ON_REGISTRY, 90000, begin_hiding_most, end_view, DISTURBS},
    {"lists some instances twice", ON_REGISTRY, 60000, begin_doubling, end_view, SPARES},
    {"lists a dead node, too", ON_REGISTRY, 90000, begin_dead_node, end_view, SPARES},
    {"has an index that jumps", ON_REGISTRY, 30000, begin_jumping, end_index, DISTURBS},
    {"has an index that falls", ON_REGISTRY, 30000, begin_falling, end_index, DISTURBS},
};

const size_t registry_fault_count = sizeof registry_faults / sizeof *registry_faults;
