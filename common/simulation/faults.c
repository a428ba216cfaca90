#include "simulation/faults.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/rand.h"
#include "simulation/callers.h"
#include "simulation/instances.h"
#include "simulation/registry.h"

enum target { ON_REGISTRY, ON_INSTANCE, ON_CALLER, ON_ALL };

struct fault {
    struct world *world;
    const struct fault_kind *kind;
    struct sim_instance *instance; /* where it is on one */
    struct sim_caller *caller;
    int64_t lasts_ms;
};

struct fault_kind {
    const char *name;
    enum target target;
    int64_t longest_ms;
    void (*begin)(struct fault *fault);
    void (*end)(struct fault *fault);
    bool spares_registration; /* it does not keep its process from the registry */
};

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
    fault->caller->cannot_reach = rand_u64() & rand_u64();
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

static const struct fault_kind kinds[] = {
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

enum { KINDS = sizeof kinds / sizeof *kinds };

/* --- From beginning to end ---------------------------------------------------------------------- */

static const char *victim(const struct fault *fault)
{
    if (fault->instance)
        return fault->instance->process.name;
    return fault->caller ? fault->caller->process.name : "world";
}

/* Whom it keeps from its promise, from `since` on; DEADLINE_NONE: for now. */
static void set_well_since(struct fault *fault, int64_t since_ms)
{
    struct world *world = fault->world;
    if (fault->kind->spares_registration)
        return;
    if (fault->instance)
        fault->instance->process.well_since_ms = since_ms;
    else if (fault->caller)
        fault->caller->process.well_since_ms = since_ms;
    else
        world->registry.well_since_ms = since_ms;
}

static void set_in_fault(struct fault *fault, bool in_fault)
{
    if (fault->instance)
        fault->instance->process.in_fault = in_fault;
    else if (fault->caller)
        fault->caller->process.in_fault = in_fault;
    else
        fault->world->registry.in_fault = in_fault;
}

static void run_fault(void *arg)
{
    struct fault *fault = arg;
    struct world *world = fault->world;
    world_note(world, victim(fault), fault->kind->name, fault->lasts_ms);
    world->calm_since_ms = DEADLINE_NONE;
    set_well_since(fault, DEADLINE_NONE);
    fault->kind->begin(fault);
    fiber_sleep(fault->lasts_ms);
    fault->kind->end(fault);
    set_well_since(fault, clock_ms());
    set_in_fault(fault, false);
    if (--world->faults_now == 0)
        world->calm_since_ms = clock_ms();
    world_note(world, victim(fault), fault->kind->name, 0);
    free(fault);
}

/* True: it has a victim that is in no other fault. */
static bool choose_victim(struct fault *fault)
{
    struct world *world = fault->world;
    if (fault->kind->target == ON_INSTANCE) {
        fault->instance = &world->instances[rand_below((uint64_t)world->settings.instances)];
        return !fault->instance->process.in_fault;
    }
    if (fault->kind->target == ON_CALLER) {
        fault->caller = &world->callers[rand_below((uint64_t)world->settings.callers)];
        return !fault->caller->process.in_fault;
    }
    if (fault->kind->target == ON_REGISTRY)
        return !world->registry.in_fault;
    for (int i = 0; i < world->settings.instances; i++)
        if (world->instances[i].process.in_fault)
            return false;
    return !world->registry.in_fault;
}

void fault_begin(struct world *world)
{
    struct fault *fault = calloc(1, sizeof *fault);
    if (!fault)
        return;
    fault->world = world;
    fault->kind = &kinds[rand_below(KINDS)];
    fault->lasts_ms = between(1, fault->kind->longest_ms);
    if (!choose_victim(fault) || group_go(&world->faults, run_fault, fault) != 0) {
        free(fault);
        return;
    }
    set_in_fault(fault, true);
    world->faults_now++;
}
