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
    snprintf(instance->address, sizeof instance->address, "10.%d.%d.%d", (number + 1) >> 16,
             (number + 1) >> 8 & 255, (number + 1) & 255);
    instance->port = port_of(number, 0);
    wire_connect(process, world);
}

/* --- Start, drain, kill --------------------------------------------------------------- */

/* The health that a heartbeat reports. */
static int report_health(void *arg, int64_t deadline, struct err *err)
{
    const struct sim_instance *instance = arg;
    (void)deadline;
    return instance->unhealthy ? err_set(err, ERR_FAILED, "redis: no answer") : 0;
}

void instance_start(struct sim_instance *instance, bool moved)
{
    struct process *process = &instance->process;
    const struct settings *settings = &process->world->settings;
    if (moved && instance->lives + 2 < ports_lives())
        instance->port = port_of(process->number, ++instance->lives);
    const struct registration_config config = {
        .spec = {.service = SERVICE, .id = process->name, .address = instance->address, .port = instance->port,
                 .tags = "", .version = "", .zone = settings_zone(settings, process->number), .weight = 1,
                 .check = settings->check,
                 .check_interval_ms = settings->check_interval_ms, .check_timeout_ms = settings->check_timeout_ms,
                 .deregister_after_ms = settings->deregister_after_ms},
        .jitter_ms = settings->jitter_ms,
        .reconcile_ms = settings->reconcile_ms,
        .health = report_health,
        .health_arg = instance,
    };
    process_forget(process);
    process->killed = false;
    instance->life = UP;
    instance->is_ordered_out = false;
    process->healthy_since_ms = clock_ms();
    trace_note(&process->world->trace, process->name, "starts on", instance->port);
    for (int i = 0; i < settings->registries; i++)
        instance->registrations[i] = registration_register(&process->links[i].registry, &config);
}

static void mark_down(struct sim_instance *instance)
{
    instance->life = DOWN;
    instance->died_ms[instance->lives] = clock_ms();
}

/* Deregisters from one registry, in a fiber of its own. */
struct deregistration {
    struct sim_instance *instance;
    int registry;
    int64_t deadline;
    bool left;
};

static void deregister_one(void *arg)
{
    struct deregistration *deregistration = arg;
    struct registration **registration = &deregistration->instance->registrations[deregistration->registry];
    struct err err = ERR_INIT;
    deregistration->left = registration_deregister(*registration, deregistration->deadline, &err) == 0;
    registration_free(*registration);
    *registration = NULL;
}

/* From all registries at once, as service/registries.c does. Returns at which it succeeded, one bit each. */
static unsigned deregister_all(struct sim_instance *instance, int64_t deadline)
{
    struct deregistration deregistrations[REGISTRIES_MAX] = {{0}};
    struct group group = {0};
    unsigned left = 0;
    for (int i = 0; i < instance->process.world->settings.registries; i++) {
        deregistrations[i] = (struct deregistration){instance, i, deadline, false};
        if (group_go(&group, deregister_one, &deregistrations[i]) != 0)
            deregister_one(&deregistrations[i]);
    }
    group_join(&group);
    for (unsigned i = 0; i < REGISTRIES_MAX; i++)
        left |= (unsigned)deregistrations[i].left << i;
    return left;
}

void instance_kill(struct sim_instance *instance)
{
    instance->process.killed = true;
    mark_down(instance);
    trace_note(&instance->process.world->trace, instance->process.name, "is killed on", instance->port);
    deregister_all(instance, clock_ms()); /* without time: its fibers end, and no registry gets a message */
}

void instance_drain(struct sim_instance *instance)
{
    int64_t deadline = deadline_in(DRAIN_MS), begin_ms = clock_ms();
    instance->life = DRAINING;
    trace_note(&instance->process.world->trace, instance->process.name, "drains on", instance->port);
    unsigned left = deregister_all(instance, deadline);
    for (;;) {
        int64_t last_ms = instance->last_call_ms > begin_ms ? instance->last_call_ms : begin_ms;
        int64_t left_ms = deadline_left(deadline_min(last_ms + QUIET_MS, deadline));
        if (left_ms == 0 || fiber_sleep(left_ms) != 0)
            break;
    }
    mark_down(instance);
    trace_note(&instance->process.world->trace, instance->process.name, "has drained on", instance->port);
    for (int i = 0; i < instance->process.world->settings.registries; i++)
        if (left >> i & 1)
            invariants_deregistered(instance, &instance->process.world->registries[i]);
}

/* --- Answer calls ------------------------------------------------------------------------ */

static int reply_with(struct http_response *response, int status)
{
    response->status = status;
    buf_adds(&response->body, "{\"id\":\"7\"}");
    return 0;
}

/* While the process is frozen. True: it continues before the deadline. */
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
    instance->calls++;
    int64_t takes_ms = between(1, 5) + instance->slow_ms;
    bool answers = !instance->unreachable && deadline_in(takes_ms) < call->deadline;
    if (answers && instance_is_at(instance, call->port))
        answers = waits_for_thaw(instance, call->deadline) && deadline_in(takes_ms) < call->deadline;
    fiber_sleep(answers ? takes_ms : deadline_left(call->deadline));
    if (fiber_cancelled())
        return err_set(err, ERR_CANCELLED, "cancelled");
    if (!answers)
        return err_set(err, ERR_TIMEOUT, "timed out");
    if (!instance_is_at(instance, call->port))
        return err_set(err, ERR_UNREACHABLE, "connection refused");
    return reply_with(response, instance->unhealthy ? 500 : 200);
}
