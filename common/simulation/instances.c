#include "simulation/instances.h"

#include <stdio.h>

#include "base/clock.h"
#include "registration/registration.h"
#include "simulation/invariants.h"
#include "simulation/registry.h"

enum { PORT_FIRST = 1024 };

uint16_t port_of(int instance, int life)
{
    return (uint16_t)(PORT_FIRST + life * INSTANCES_MAX + instance);
}

int instance_of_port(uint16_t port)
{
    return (port - PORT_FIRST) % INSTANCES_MAX;
}

int life_of_port(uint16_t port)
{
    return (port - PORT_FIRST) / INSTANCES_MAX;
}

void instance_open(struct sim_instance *instance, struct world *world, int number)
{
    struct process *process = &instance->process;
    process->number = number;
    snprintf(process->name, sizeof process->name, "instance-%02d", number);
    snprintf(instance->address, sizeof instance->address, "10.0.0.%d", number + 1);
    instance->port = port_of(number, 0);
    sim_registry_connect(&world->registry, process);
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
    if (moved && instance->lives + 1 < LIVES_MAX)
        instance->port = port_of(process->number, ++instance->lives);
    const struct registration_config config = {
        .spec = {.service = SERVICE, .id = process->name, .address = instance->address, .port = instance->port,
                 .tags = "", .version = "", .zone = "", .weight = 1, .check = settings->check,
                 .check_interval_ms = settings->check_interval_ms, .check_timeout_ms = settings->check_timeout_ms,
                 .deregister_after_ms = settings->deregister_after_ms},
        .jitter_ms = settings->jitter_ms,
        .reconcile_ms = settings->reconcile_ms,
        .health = tell_health,
        .health_arg = instance,
    };
    process->killed = false;
    instance->life = UP;
    process->well_since_ms = clock_ms();
    instance->registration = registration_start(&process->registry, &config);
    world_note(process->world, process->name, "starts on", instance->port);
}

static void be_down(struct sim_instance *instance)
{
    instance->life = DOWN;
    instance->died_ms[instance->lives] = clock_ms();
}

void instance_kill(struct sim_instance *instance)
{
    struct err err = ERR_INIT;
    instance->process.killed = true;
    be_down(instance);
    world_note(instance->process.world, instance->process.name, "is killed on", instance->port);
    registration_stop(instance->registration, clock_ms(), &err); /* its fibers vanish, and nobody is told */
    registration_free(instance->registration);
    instance->registration = NULL;
}

void instance_drain(struct sim_instance *instance)
{
    struct err err = ERR_INIT;
    int64_t deadline = deadline_in(DRAIN_MS), begin_ms = clock_ms();
    instance->life = DRAINING;
    world_note(instance->process.world, instance->process.name, "drains on", instance->port);
    bool left = registration_stop(instance->registration, deadline, &err) == 0;
    registration_free(instance->registration);
    instance->registration = NULL;
    for (;;) {
        int64_t last_ms = instance->last_call_ms > begin_ms ? instance->last_call_ms : begin_ms;
        int64_t left_ms = deadline_left(deadline_min(last_ms + QUIET_MS, deadline));
        if (left_ms == 0 || fiber_sleep(left_ms) != 0)
            break;
    }
    be_down(instance);
    world_note(instance->process.world, instance->process.name, "has drained on", instance->port);
    if (left)
        invariants_left(instance);
}

void instance_freeze(struct sim_instance *instance)
{
    instance->process.frozen = true;
}

void instance_thaw(struct sim_instance *instance)
{
    instance->process.frozen = false;
    wait_queue_wake_all(&instance->process.thawed);
}

bool instance_is_at(const struct sim_instance *instance, uint16_t port)
{
    return instance->life != DOWN && instance->port == port;
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
