#include "simulation/wire.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/rand.h"
#include "simulation/invariants.h"
#include "simulation/registry.h"

static struct process *process_of(struct registry *registry)
{
    return (struct process *)registry; /* its first member */
}

/* --- One message, there or back ------------------------------------------------------- */

static int cancelled(struct err *err)
{
    return err_set(err, ERR_CANCELLED, "cancelled");
}

static int no_answer(struct err *err)
{
    return err_set(err, ERR_TIMEOUT, "no answer");
}

/* 0: it arrived, and the other side runs. */
static int travel(struct process *process, int64_t deadline, struct err *err)
{
    struct sim_registry *registry = &process->world->registry;
    while (process->frozen && wait_queue_park(&process->thawed, DEADLINE_NONE) == WAIT_WOKEN) {
    }
    if (process->killed)
        return err_set(err, ERR_UNREACHABLE, "killed");

    int64_t hop_ms = between(1, HOP_MS) + (registry->mode == IS_SLOW ? between(0, 1500) : 0);
    bool lost = process->cut || deadline_in(hop_ms) > deadline;
    if (fiber_sleep(lost ? deadline_left(deadline) : hop_ms) != 0)
        return cancelled(err);
    if (lost || process->cut)
        return no_answer(err);
    while (registry->mode == HANGS) {
        enum wait_result result = wait_queue_park(&registry->awake, deadline);
        if (result != WAIT_WOKEN)
            return result == WAIT_TIMEOUT ? no_answer(err) : cancelled(err);
    }
    return registry->mode == REFUSES ? err_set(err, ERR_UNREACHABLE, "connection refused") : 0;
}

/* 0: the request arrived, and the registry is willing. */
static int send_request(struct process *process, int64_t deadline, struct err *err)
{
    invariants_request(process);
    if (travel(process, deadline, err) != 0)
        return -1;
    if (process->world->registry.mode != FAILS)
        return 0;
    return travel(process, deadline, err) != 0 ? -1 : err_set(err, ERR_FAILED, "answered 500");
}

/* --- Registration ------------------------------------------------------------------------ */

struct late {
    struct world *world;
    struct enrolment enrolment;
};

static void arrive_late(void *arg)
{
    struct late *late = arg;
    fiber_sleep(between(1, LATE_MS));
    if (late->world->registry.mode == WELL || late->world->registry.mode == IS_SLOW)
        entry_enroll(&late->world->registry, &late->enrolment);
    free(late);
}

/* Its sender gave up or died; it may have been on its way already. */
static void maybe_arrive_late(struct world *world, const struct enrolment *enrolment)
{
    struct late *late = chance(50) ? malloc(sizeof *late) : NULL;
    if (!late)
        return;
    *late = (struct late){world, *enrolment};
    if (fiber_start(arrive_late, late) != 0)
        free(late);
}

static int enroll(struct registry *base, const struct registration_spec *spec, int64_t deadline, struct err *err)
{
    struct process *process = process_of(base);
    struct enrolment enrolment = {process->number, spec->address, spec->port};
    if (send_request(process, deadline, err) != 0) {
        if (err->code == ERR_CANCELLED && !process->cut)
            maybe_arrive_late(process->world, &enrolment);
        return -1;
    }
    entry_enroll(&process->world->registry, &enrolment);
    return travel(process, deadline, err);
}

static int deregister(struct registry *base, const struct registration_spec *spec, int64_t deadline, struct err *err)
{
    struct process *process = process_of(base);
    (void)spec;
    if (send_request(process, deadline, err) != 0)
        return -1;
    entry_remove(&process->world->registry, process->number, "deregisters");
    return travel(process, deadline, err);
}

static int is_registered(struct registry *base, const struct registration_spec *spec, int64_t deadline,
                         bool *registered, struct err *err)
{
    struct process *process = process_of(base);
    (void)spec;
    *registered = false;
    if (send_request(process, deadline, err) != 0)
        return -1;
    bool known = process->world->registry.entries[process->number].used;
    if (travel(process, deadline, err) != 0)
        return -1;
    *registered = known;
    return 0;
}

static int heartbeat(struct registry *base, const struct registration_spec *spec, bool healthy, const char *note,
                     int64_t deadline, struct err *err)
{
    struct process *process = process_of(base);
    (void)note;
    if (send_request(process, deadline, err) != 0)
        return -1;
    bool known = entry_beat(&process->world->registry, process->number, healthy);
    if (travel(process, deadline, err) != 0)
        return -1;
    return known ? 0 : err_set(err, ERR_NOT_FOUND, "unknown check of %s", spec->id);
}

static int check_output(struct registry *base, const struct registration_spec *spec, int64_t deadline, bool *failing,
                        char *output, size_t size, struct err *err)
{
    struct process *process = process_of(base);
    (void)spec;
    if (send_request(process, deadline, err) != 0 || travel(process, deadline, err) != 0)
        return -1;
    *failing = !process->world->registry.entries[process->number].passing;
    snprintf(output, size, "%s", *failing ? "connection refused" : "");
    return 0;
}

/* --- Discovery ------------------------------------------------------------------------------ */

static struct instance_list *list_new(const struct sim_registry *registry, uint64_t hidden)
{
    struct instance_list *list = instance_list_new();
    for (int i = 0; i < registry->world->settings.instances; i++) {
        const struct sim_entry *entry = &registry->entries[i];
        if (!entry->used || (hidden >> i & 1))
            continue;
        const struct instance instance = {
            .id = registry->world->instances[i].process.name, .address = entry->address, .port = entry->port,
            .zone = "", .version = "", .weight = 1 + i % 3, .warning_weight = 1,
            .status = entry->passing ? INSTANCE_PASSING : INSTANCE_CRITICAL};
        instance_list_add(list, &instance);
    }
    instance_list_finish(list);
    return list;
}

/* What it says now, true or not. */
static struct instance_list *list_take(struct sim_registry *registry)
{
    if (registry->says_empty || registry->hides)
        return list_new(registry, registry->says_empty ? UINT64_MAX : registry->hides);
    if (!registry->list)
        registry->list = list_new(registry, 0);
    return instance_list_ref(registry->list);
}

/* Until the index is past the one that is known, or wait_ms and Consul's sixteenth. */
static int block(struct sim_registry *registry, uint64_t known, int64_t wait_ms, int64_t deadline, struct err *err)
{
    unsigned life = registry->life;
    int64_t until = deadline_in(wait_ms + between(0, wait_ms / 16));
    while (registry->life == life && registry->index <= known && !registry->index_jumps && deadline_left(until) > 0) {
        if (wait_queue_park(&registry->changed, deadline_min(until, deadline)) == WAIT_CANCELLED)
            return cancelled(err);
        if (deadline_left(deadline) == 0)
            return no_answer(err);
    }
    return registry->life == life ? 0 : err_set(err, ERR_BROKEN, "connection reset");
}

static int query(struct process *process, struct registry_cursor *cursor, int64_t wait_ms, int64_t deadline,
                 struct instance_list **list, struct err *err)
{
    struct sim_registry *registry = &process->world->registry;
    uint64_t known = cursor->index;
    cursor->index = 0;
    *list = NULL;
    if (send_request(process, deadline, err) != 0)
        return -1;
    if (known != 0 && wait_ms > 0 && block(registry, known, wait_ms, deadline, err) != 0)
        return -1;
    if (registry->index_jumps)
        registry->index += rand_below(1000);
    uint64_t index = registry->index;
    struct instance_list *answer = list_take(registry);
    if (travel(process, deadline, err) != 0) {
        instance_list_unref(answer);
        return -1;
    }
    if (known != 0 && index == known) { /* the same again: confirmed */
        instance_list_unref(answer);
        answer = NULL;
    }
    *list = answer;
    cursor->index = index < known ? 0 : index; /* as consul_next_index has it */
    return 0;
}

static int fetch(struct registry *base, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                 int64_t deadline, struct instance_list **list, struct err *err)
{
    (void)service;
    int status = query(process_of(base), cursor, wait_ms, deadline, list, err);
    invariants_fetched(process_of(base), status == 0);
    return status;
}

static const struct registry_ops ops = {
    .kind = "consul",
    .enroll = enroll,
    .deregister = deregister,
    .is_registered = is_registered,
    .heartbeat = heartbeat,
    .fetch = fetch,
    .check_output = check_output,
};

void sim_registry_connect(struct sim_registry *registry, struct process *process)
{
    process->world = registry->world;
    process->registry.ops = &ops;
}
