#include "simulation/process_faults.h"

#include <limits.h>

#include "base/clock.h"
#include "base/rand.h"
#include "simulation/caller_process.h"
#include "simulation/entries.h"
#include "simulation/instance_process.h"

/* --- Faults of an instance ----------------------------------------------------------------- */

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

/* Its registration may be under way. */
static void begin_stopped_early(struct fault *fault)
{
    instance_kill(fault->instance);
    instance_start(fault->instance, true);
    fiber_sleep(between(1, 2 * HOP_MS));
    instance_drain(fault->instance);
}

static void begin_frozen(struct fault *fault)
{
    process_freeze(&fault->instance->process);
}

static void end_frozen(struct fault *fault)
{
    process_thaw(&fault->instance->process);
}

static void begin_cut(struct fault *fault)
{
    process_cut(&fault->instance->process, (unsigned)between(1, (1 << REGISTRIES_MAX) - 1));
}

static void end_cut(struct fault *fault)
{
    process_cut(&fault->instance->process, 0);
}

static void begin_unreachable(struct fault *fault)
{
    process_cut(&fault->instance->process, UINT_MAX);
    fault->instance->unreachable = true;
}

static void end_unreachable(struct fault *fault)
{
    process_cut(&fault->instance->process, 0);
    fault->instance->unreachable = false;
}

static void begin_unhealthy(struct fault *fault)
{
    fault->instance->unhealthy = true;
}

/* Changes between unhealthy and healthy faster than any check. */
static void end_flapping(struct fault *fault)
{
    for (int i = 0; i < 10; i++) {
        fault->instance->unhealthy = !fault->instance->unhealthy;
        if (fiber_sleep(between(100, 2000)) != 0)
            break;
    }
    fault->instance->unhealthy = false;
}

static void end_unhealthy(struct fault *fault)
{
    fault->instance->unhealthy = false;
}

static void begin_slow_instance(struct fault *fault)
{
    fault->instance->slow_ms = between(10, 2 * fault->world->settings.call_timeout_ms);
}

static void end_slow_instance(struct fault *fault)
{
    fault->instance->slow_ms = 0;
}

static void begin_half(struct fault *fault)
{
    fault->instance->fails_half = true;
}

static void end_half(struct fault *fault)
{
    fault->instance->fails_half = false;
}

/* An operator sets it at the most trusted registry that knows it. */
static void set_maintenance(struct fault *fault, bool on)
{
    struct sim_registry *registry = sim_registry_with_maintenance(fault->world->registries);
    if (registry)
        entry_maintain(registry, fault->instance->process.number, on);
}

static void begin_maintenance(struct fault *fault)
{
    set_maintenance(fault, true);
}

static void end_maintenance(struct fault *fault)
{
    set_maintenance(fault, false);
}

/* An operator asks the instance itself. */
static void order_maintenance(struct fault *fault, bool on)
{
    fault->instance->is_ordered_out = on && fault->instance->life == UP;
    for (int i = 0; i < fault->world->settings.registries; i++)
        if (fault->instance->registrations[i])
            registration_set_maintenance(fault->instance->registrations[i], on, "simulated");
}

static void begin_ordered_maintenance(struct fault *fault)
{
    order_maintenance(fault, true);
}

static void end_ordered_maintenance(struct fault *fault)
{
    order_maintenance(fault, false);
}

/* --- Faults of a caller ----------------------------------------------------------------------- */

static void begin_caller_cut(struct fault *fault)
{
    process_cut(&fault->caller->process, (unsigned)between(1, (1 << REGISTRIES_MAX) - 1));
}

static void end_caller_cut(struct fault *fault)
{
    process_cut(&fault->caller->process, 0);
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

/* --- Faults of all instances, or of the machine ------------------------------------------------- */

static void begin_all_unhealthy(struct fault *fault)
{
    for (int i = 0; i < fault->world->settings.instances; i++)
        fault->world->instances[i].unhealthy = true;
}

static void end_all_unhealthy(struct fault *fault)
{
    for (int i = 0; i < fault->world->settings.instances; i++)
        fault->world->instances[i].unhealthy = false;
}

static void set_all_half(struct fault *fault, bool fails)
{
    for (int i = 0; i < fault->world->settings.instances; i++)
        fault->world->instances[i].fails_half = fails;
}

static void begin_all_half(struct fault *fault)
{
    set_all_half(fault, true);
}

static void end_all_half(struct fault *fault)
{
    set_all_half(fault, false);
}

static void begin_wall_jump(struct fault *fault)
{
    clock_jump_wall(between(-86400000, 86400000));
    (void)fault;
}

const struct fault_kind process_faults[] = {
    {"is killed for a while", ON_INSTANCE, 60000, begin_killed, end_killed, DISTURBS},
    {"is killed, and restarts at once", ON_INSTANCE, 100, begin_killed, end_killed, DISTURBS},
    {"is stopped for a while", ON_INSTANCE, 60000, begin_drained, end_killed, DISTURBS},
    {"is stopped while it starts", ON_INSTANCE, 20000, begin_stopped_early, end_killed, DISTURBS},
    {"freezes", ON_INSTANCE, 60000, begin_frozen, end_frozen, DISTURBS},
    {"is cut off from a registry", ON_INSTANCE, 120000, begin_cut, end_cut, DISTURBS},
    {"is off the network", ON_INSTANCE, 60000, begin_unreachable, end_unreachable, DISTURBS},
    {"is unhealthy", ON_INSTANCE, 60000, begin_unhealthy, end_unhealthy, DISTURBS},
    {"flaps", ON_INSTANCE, 2000, begin_unhealthy, end_flapping, DISTURBS},
    {"is slow", ON_INSTANCE, 60000, begin_slow_instance, end_slow_instance, DISTURBS},
    {"fails half of its calls", ON_INSTANCE, 60000, begin_half, end_half, SPARES},
    {"is in maintenance", ON_INSTANCE, 120000, begin_maintenance, end_maintenance, SPARES},
    {"is ordered into maintenance", ON_INSTANCE, 120000, begin_ordered_maintenance, end_ordered_maintenance, SPARES},
    {"is cut off from a registry", ON_CALLER, 120000, begin_caller_cut, end_caller_cut, DISTURBS},
    {"cannot reach some instances", ON_CALLER, 60000, begin_blind, end_blind, SPARES},
    {"restarts", ON_CALLER, 2000, begin_caller_restart, end_caller_restart, DISTURBS},
    {"a shared dependency fails", ON_ALL, 60000, begin_all_unhealthy, end_all_unhealthy, DISTURBS},
    {"a shared dependency fails half of the calls", ON_ALL, 60000, begin_all_half, end_all_half, SPARES},
    {"the wall clock jumps", ON_ALL, 1, begin_wall_jump, NULL, SPARES},
};

const size_t process_fault_count = sizeof process_faults / sizeof *process_faults;
