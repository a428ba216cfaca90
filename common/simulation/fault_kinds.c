#include "simulation/fault_kinds.h"

#include "base/clock.h"
#include "base/rand.h"
#include "simulation/callers.h"
#include "simulation/instances.h"
#include "simulation/registry.h"

/* --- The registry's ---------------------------------------------------------------------- */

static void begin_refusing(struct fault *fault)
{
    sim_registry_set_mode(&fault->world->registry, REFUSES);
    sim_registry_restart(&fault->world->registry, false, false);
}

static void end_with_state(struct fault *fault)
{
    sim_registry_restart(&fault->world->registry, false, chance(50));
    sim_registry_set_mode(&fault->world->registry, WELL);
}

static void end_without_state(struct fault *fault)
{
    sim_registry_restart(&fault->world->registry, true, false);
    sim_registry_set_mode(&fault->world->registry, WELL);
}

static void begin_hanging(struct fault *fault)
{
    sim_registry_set_mode(&fault->world->registry, HANGS);
}

static void begin_failing(struct fault *fault)
{
    sim_registry_set_mode(&fault->world->registry, FAILS);
}

static void begin_slow(struct fault *fault)
{
    sim_registry_set_mode(&fault->world->registry, IS_SLOW);
}

static void end_mode(struct fault *fault)
{
    sim_registry_set_mode(&fault->world->registry, WELL);
}

static void begin_empty(struct fault *fault)
{
    fault->world->registry.says_empty = true;
    sim_registry_change(&fault->world->registry);
}

static void begin_hiding(struct fault *fault)
{
    fault->world->registry.hides = rand_u64();
    sim_registry_change(&fault->world->registry);
}

static void end_view(struct fault *fault)
{
    fault->world->registry.says_empty = false;
    fault->world->registry.hides = 0;
    sim_registry_change(&fault->world->registry);
}

static void begin_jumping(struct fault *fault)
{
    fault->world->registry.index_jumps = true;
    sim_registry_change(&fault->world->registry);
}

static void end_jumping(struct fault *fault)
{
    fault->world->registry.index_jumps = false;
    fault->world->registry.index = 1; /* and from the beginning */
    wait_queue_wake_all(&fault->world->registry.changed);
}

/* Several agents behind one name: what is told to one, the others do not know. */
static void begin_forgetting(struct fault *fault)
{
    fault->world->registry.forgets = true;
    sim_registry_restart(&fault->world->registry, true, false);
}

static void end_forgetting(struct fault *fault)
{
    fault->world->registry.forgets = false;
}

/* --- An instance's ------------------------------------------------------------------------- */

static void begin_killed(struct fault *fault)
{
    instance_kill(fault->instance);
}

static void end_killed(struct fault *fault)
{
    instance_start(fault->instance, chance(50));
}

static void begin_drained(struct fault *fault)
{
    instance_drain(fault->instance);
}

/* While its registration may be on its way. */
static void begin_stopped_early(struct fault *fault)
{
    instance_kill(fault->instance);
    instance_start(fault->instance, true);
    fiber_sleep(between(1, 2 * HOP_MS));
    instance_drain(fault->instance);
}

static void begin_frozen(struct fault *fault)
{
    instance_freeze(fault->instance);
}

static void end_frozen(struct fault *fault)
{
    instance_thaw(fault->instance);
}

static void begin_cut(struct fault *fault)
{
    fault->instance->process.cut = true;
}

static void end_cut(struct fault *fault)
{
    fault->instance->process.cut = false;
}

static void begin_unreachable(struct fault *fault)
{
    fault->instance->process.cut = true;
    fault->instance->unreachable = true;
}

static void end_unreachable(struct fault *fault)
{
    fault->instance->process.cut = false;
    fault->instance->unreachable = false;
}

static void begin_sick(struct fault *fault)
{
    fault->instance->sick = true;
}

/* A few times ill and well again, faster than any check. */
static void end_flapping(struct fault *fault)
{
    for (int i = 0; i < 10; i++) {
        fault->instance->sick = !fault->instance->sick;
        if (fiber_sleep(between(100, 2000)) != 0)
            break;
    }
    fault->instance->sick = false;
}

static void end_sick(struct fault *fault)
{
    fault->instance->sick = false;
}

static void begin_slow_instance(struct fault *fault)
{
    fault->instance->slow_ms = between(10, 2 * fault->world->settings.call_timeout_ms);
}

static void end_slow_instance(struct fault *fault)
{
    fault->instance->slow_ms = 0;
}

/* --- A caller's ------------------------------------------------------------------------------ */

static void begin_caller_cut(struct fault *fault)
{
    fault->caller->process.cut = true;
}

static void end_caller_cut(struct fault *fault)
{
    fault->caller->process.cut = false;
}

static void begin_blind(struct fault *fault)
{
    uint64_t half = rand_u64();
    fault->caller->cannot_reach = half & rand_u64();
}

static void end_blind(struct fault *fault)
{
    fault->caller->cannot_reach = 0;
}

static void begin_caller_restart(struct fault *fault)
{
    caller_stop(fault->caller);
}

static void end_caller_restart(struct fault *fault)
{
    caller_start(fault->caller);
}

/* --- Everybody's -------------------------------------------------------------------------------- */

static void begin_all_sick(struct fault *fault)
{
    for (int i = 0; i < fault->world->settings.instances; i++)
        fault->world->instances[i].sick = true;
}

static void end_all_sick(struct fault *fault)
{
    for (int i = 0; i < fault->world->settings.instances; i++)
        fault->world->instances[i].sick = false;
}

static void begin_wall_jump(struct fault *fault)
{
    clock_jump_wall(between(-86400000, 86400000));
    (void)fault;
}

static void end_nothing(struct fault *fault)
{
    (void)fault;
}

const struct fault_kind fault_kinds[] = {
    {"the registry is down", ON_REGISTRY, 90000, begin_refusing, end_with_state, false},
    {"the registry restarts and forgets", ON_REGISTRY, 20000, begin_refusing, end_without_state, false},
    {"the registry hangs", ON_REGISTRY, 60000, begin_hanging, end_mode, false},
    {"the registry fails", ON_REGISTRY, 60000, begin_failing, end_mode, false},
    {"the registry is slow", ON_REGISTRY, 60000, begin_slow, end_mode, false},
    {"the registry says that there is nobody", ON_REGISTRY, 90000, begin_empty, end_view, false},
    {"the registry hides some", ON_REGISTRY, 90000, begin_hiding, end_view, false},
    {"the registry's index jumps", ON_REGISTRY, 30000, begin_jumping, end_jumping, false},
    {"the registry forgets what it is told", ON_REGISTRY, 60000, begin_forgetting, end_forgetting, false},
    {"is killed for a while", ON_INSTANCE, 60000, begin_killed, end_killed, false},
    {"is killed, and at once back", ON_INSTANCE, 100, begin_killed, end_killed, false},
    {"is stopped for a while", ON_INSTANCE, 60000, begin_drained, end_killed, false},
    {"is stopped while it starts", ON_INSTANCE, 20000, begin_stopped_early, end_killed, false},
    {"freezes", ON_INSTANCE, 60000, begin_frozen, end_frozen, false},
    {"is cut off from the registry", ON_INSTANCE, 120000, begin_cut, end_cut, false},
    {"is off the network", ON_INSTANCE, 60000, begin_unreachable, end_unreachable, false},
    {"is sick", ON_INSTANCE, 60000, begin_sick, end_sick, false},
    {"flaps", ON_INSTANCE, 2000, begin_sick, end_flapping, false},
    {"is slow", ON_INSTANCE, 60000, begin_slow_instance, end_slow_instance, false},
    {"is cut off from the registry", ON_CALLER, 120000, begin_caller_cut, end_caller_cut, false},
    {"cannot reach some", ON_CALLER, 60000, begin_blind, end_blind, true},
    {"restarts", ON_CALLER, 2000, begin_caller_restart, end_caller_restart, false},
    {"what all share fails", ON_ALL, 60000, begin_all_sick, end_all_sick, false},
    {"somebody sets the clock", ON_ALL, 1, begin_wall_jump, end_nothing, true},
};

const size_t fault_kind_count = sizeof fault_kinds / sizeof *fault_kinds;
