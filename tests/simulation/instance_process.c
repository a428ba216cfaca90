#include "simulation/instance_process.h"

#include <stdio.h>

#include "base/clock.h"
#include "registration/registration.h"
#include "simulation/invariants.h"
#include "simulation/wire.h"

void instance_open(struct sim_instance *instance, struct world *world, int number)
{
    struct process *process = &instance->process;
    process->number = number;
    snprintf(process->name, sizeof process->name, "instance-%02d", number);
    snprintf(instance->address, sizeof instance->address, "10.0.0.%d", number + 1);
    instance->port = port_of(number, 0);
    wire_connect(process, world);
}

/* --- Life ---------------------------------------------------------------------------- */

/* The health that a heartbeat reports. */
static int tell_health(void *arg, int64_t deadline, struct err *err)
{
    const struct sim_instance *instance = arg;
    (void)deadline;
    return instance->sick ? err_set(err, ERR_FAILED, "redis: no answer") : 0;
}

void instance_start(struct sim_instance *instance, bool moved)
{
    struct process *process = &instance->process;
    const struct settings *settings = &process->world->settings;
    if (moved && instance->lives + 2 < LIVES_MAX)
        instance->port = port_of(process->number, ++instance->lives);
    const struct registration_config config = {
        .spec = {.service = SERVICE, .id = process->name, .address = instance->address, .port = instance->port,
                 .tags = "", .version = "", .zone = settings_zone(settings, process->number), .weight = 1, .check = settings->check,
                 .check_interval_ms = settings->check_interval_ms, .check_timeout_ms = settings->check_timeout_ms,
                 .deregister_after_ms = settings->deregister_after_ms},
        .jitter_ms = settings->jitter_ms,
        .reconcile_ms = settings->reconcile_ms,
        .health = tell_health,
        .health_arg = instance,
    };
    process_forget(process);
    process->killed = false;
    instance->life = UP;
    process->well_since_ms = clock_ms();
    trace_note(&process->world->trace, process->name, "starts on", instance->port);
    for (int i = 0; i < settings->registries; i++)
        instance->registrations[i] = registration_register(&process->links[i].registry, &config);
}

static void be_down(struct sim_instance *instance)
{
    instance->life = DOWN;
    instance->died_ms[instance->lives] = clock_ms();
}

/* One registration's end, in a fiber of its own. */
struct leaving {
    struct sim_instance *instance;
    int registry;
    int64_t deadline;
    bool left;
};

static void leave_one(void *arg)
{
    struct leaving *leaving = arg;
    struct registration **registration = &leaving->instance->registrations[leaving->registry];
    struct err err = ERR_INIT;
    leaving->left = registration_deregister(*registration, leaving->deadline, &err) == 0;
    registration_free(*registration);
    *registration = NULL;
}

/* All at once, as service/registries.c does. Returns which were told, one bit each. */
static unsigned leave(struct sim_instance *instance, int64_t deadline)
{
    struct leaving leavings[REGISTRIES_MAX] = {{0}};
    struct group group = {0};
    unsigned left = 0;
    for (int i = 0; i < instance->process.world->settings.registries; i++) {
        leavings[i] = (struct leaving){instance, i, deadline, false};
        if (group_go(&group, leave_one, &leavings[i]) != 0)
            leave_one(&leavings[i]);
    }
    group_join(&group);
    for (unsigned i = 0; i < REGISTRIES_MAX; i++)
        left |= (unsigned)leavings[i].left << i;
    return left;
}

void instance_kill(struct sim_instance *instance)
{
    instance->process.killed = true;
    be_down(instance);
    trace_note(&instance->process.world->trace, instance->process.name, "is killed on", instance->port);
    leave(instance, clock_ms()); /* its fibers vanish, and nobody is told */
}

void instance_drain(struct sim_instance *instance)
{
    int64_t deadline = deadline_in(DRAIN_MS), begin_ms = clock_ms();
    instance->life = DRAINING;
    trace_note(&instance->process.world->trace, instance->process.name, "drains on", instance->port);
    unsigned left = leave(instance, deadline);
    for (;;) {
        int64_t last_ms = instance->last_call_ms > begin_ms ? instance->last_call_ms : begin_ms;
        int64_t left_ms = deadline_left(deadline_min(last_ms + QUIET_MS, deadline));
        if (left_ms == 0 || fiber_sleep(left_ms) != 0)
            break;
    }
    be_down(instance);
    trace_note(&instance->process.world->trace, instance->process.name, "has drained on", instance->port);
    for (int i = 0; i < instance->process.world->settings.registries; i++)
        if (left >> i & 1)
            invariants_left(instance, &instance->process.world->registries[i]);
}

/* --- Being called ------------------------------------------------------------------------ */

static int reply_with(struct http_response *response, int status)
{
    response->status = status;
    buf_adds(&response->body, "{\"id\":\"7\"}");
    return 0;
}

/* As long as the caller waits, or until it goes on: true. */
static bool waits_for_thaw(struct sim_instance *instance, int64_t deadline)
{
    while (instance->process.frozen && !instance->unreachable)
        if (wait_queue_park(&instance->process.thawed, deadline) != WAIT_WOKEN)
            return false;
    return true;
}

int instance_answer(struct sim_instance *instance, const struct http_call *call, struct http_response *response,
                    struct err *err)
{
    buf_clear(&response->body);
    instance->last_call_ms = clock_ms();
    int64_t takes_ms = between(1, 5) + instance->slow_ms;
    bool answers = !instance->unreachable && deadline_in(takes_ms) < call->deadline;
    if (answers && instance_is_at(instance, call->port))
        answers = waits_for_thaw(instance, call->deadline) && deadline_in(takes_ms) < call->deadline;
    fiber_sleep(answers ? takes_ms : deadline_left(call->deadline));
    if (fiber_cancelled())
        return err_set(err, ERR_CANCELLED, "cancelled");
    if (!answers)
        return err_set(err, ERR_TIMEOUT, "no answer");
    if (!instance_is_at(instance, call->port))
        return err_set(err, ERR_UNREACHABLE, "connection refused");
    return reply_with(response, instance->sick ? 500 : 200);
}
