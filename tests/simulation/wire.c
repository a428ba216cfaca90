#include "simulation/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/rand.h"
#include "registry/consul/consul_wire.h"
#include "simulation/entries.h"
#include "simulation/invariants.h"
#include "simulation/reported_list.h"

enum { SLOW_MS = 1500 }; /* of a slow registry, in each direction */

static struct link *link_of(struct registry *registry)
{
    return (struct link *)registry; /* its first member */
}

/* --- One message ---------------------------------------------------------------------- */

static int cancelled(struct err *err)
{
    return err_set(err, ERR_CANCELLED, "cancelled");
}

static int timed_out(struct err *err)
{
    return err_set(err, ERR_TIMEOUT, "timed out");
}

/* A request or a reply. 0: it arrived, and the registry runs. */
static int deliver(struct link *link, int64_t deadline, struct err *err)
{
    struct sim_registry *registry = link->to;
    struct process *process = link->process;
    while (process->frozen && wait_queue_park(&process->thawed, DEADLINE_NONE) == WAIT_WOKEN) {
    }
    if (process->killed)
        return err_set(err, ERR_UNREACHABLE, "killed");

    int64_t hop_ms = between(1, HOP_MS) + (registry->mode == IS_SLOW ? between(0, SLOW_MS) : 0);
    bool lost = link->cut || deadline_in(hop_ms) > deadline;
    if (fiber_sleep(lost ? deadline_left(deadline) : hop_ms) != 0)
        return cancelled(err);
    if (lost || link->cut)
        return timed_out(err);
    while (registry->mode == HANGS) {
        enum wait_result result = wait_queue_park(&registry->awake, deadline);
        if (result != WAIT_WOKEN)
            return result == WAIT_TIMEOUT ? timed_out(err) : cancelled(err);
    }
    return registry->mode == REFUSES ? err_set(err, ERR_UNREACHABLE, "connection refused") : 0;
}

/* 0: the request arrived, and the registry can answer it. A Consul agent answers requests about
 * its own entries without a leader; a list needs one. */
static int send_request(struct link *link, bool for_list, int64_t deadline, struct err *err)
{
    const struct sim_registry *registry = link->to;
    invariants_request(link);
    if (deliver(link, deadline, err) != 0)
        return -1;
    bool needs_leader = for_list || registry->kind->leader == NEEDED_FOR_ALL;
    if (registry->mode != FAILS && !(registry->mode == HAS_NO_LEADER && needs_leader))
        return 0;
    return deliver(link, deadline, err) != 0 ? -1 : err_set(err, ERR_FAILED, "answered 500");
}

/* --- Registration ------------------------------------------------------------------------ */

struct late_registration {
    struct sim_registry *registry;
    struct sim_registration registration;
};

static void arrive_late(void *arg)
{
    struct late_registration *late = arg;
    fiber_sleep(between(1, LATE_MS));
    if (late->registry->mode == HEALTHY || late->registry->mode == IS_SLOW)
        entry_register(late->registry, &late->registration);
    free(late);
}

/* The sender was cancelled or killed, but the message may have been sent already. */
static void maybe_arrive_late(struct sim_registry *registry, const struct sim_registration *registration)
{
    struct late_registration *late = chance(50) ? malloc(sizeof *late) : NULL;
    if (!late)
        return;
    *late = (struct late_registration){registry, *registration};
    if (fiber_start(arrive_late, late) != 0)
        free(late);
}

static int register_instance(struct registry *base, const struct registration_spec *spec, int64_t deadline,
                             struct err *err)
{
    struct link *link = link_of(base);
    struct sim_registration registration = {link->process->number, spec->address, spec->port,
                                            spec->maintenance};
    link->has_put = true; /* even if it fails: it may have arrived */
    if (send_request(link, false, deadline, err) != 0) {
        if (err->code == ERR_CANCELLED && !link->cut)
            maybe_arrive_late(link->to, &registration);
        return -1;
    }
    entry_register(link->to, &registration);
    return deliver(link, deadline, err);
}

static int deregister_instance(struct registry *base, const struct registration_spec *spec, int64_t deadline,
                               struct err *err)
{
    struct link *link = link_of(base);
    (void)spec;
    link->has_put = false;
    if (send_request(link, false, deadline, err) != 0)
        return -1;
    entry_remove(link->to, link->process->number, "deregisters");
    return deliver(link, deadline, err);
}

static int is_registered(struct registry *base, const struct registration_spec *spec, int64_t deadline,
                         bool *registered, struct err *err)
{
    struct link *link = link_of(base);
    *registered = false;
    if (send_request(link, false, deadline, err) != 0)
        return -1;
    const struct sim_entry *entry = &link->to->entries[link->process->number];
    /* Not one of an earlier process, or without the last order, that came late. */
    bool known = entry->used, is_ours = entry->port == spec->port &&
                                        (spec->maintenance != MAINTENANCE_ON || entry->in_maintenance);
    if (deliver(link, deadline, err) != 0)
        return -1;
    snprintf(base->difference, sizeof base->difference, "%s", known && !is_ours ? "Port" : "");
    *registered = known && is_ours;
    return 0;
}

/* All but Consul get the status with the registration. Before the first one of a process its heartbeat at most renews
 * the lease, which may be one of its predecessor. */
static int heartbeat(struct registry *base, const struct registration_spec *spec, bool healthy, const char *note,
                     int64_t deadline, struct err *err)
{
    struct link *link = link_of(base);
    int number = link->process->number;
    (void)note;
    if (send_request(link, false, deadline, err) != 0)
        return -1;
    bool sends_status = link->to->kind->makes_checks || link->has_put;
    bool known = entry_heartbeat(link->to, number, sends_status ? healthy : link->to->entries[number].passing);
    if (deliver(link, deadline, err) != 0)
        return -1;
    return known ? 0 : err_set(err, ERR_NOT_FOUND, "unknown check of %s", spec->id);
}

static int check_output(struct registry *base, const struct registration_spec *spec, int64_t deadline, bool *failing,
                        char *output, size_t size, struct err *err)
{
    struct link *link = link_of(base);
    (void)spec;
    *failing = false;
    output[0] = '\0';
    if (send_request(link, false, deadline, err) != 0 || deliver(link, deadline, err) != 0)
        return -1;
    *failing = !link->to->entries[link->process->number].passing;
    snprintf(output, size, "%s", *failing ? "connection refused" : "");
    return 0;
}

/* --- Discovery ------------------------------------------------------------------------------ */

/* A blocking query: until the index passes the known one, or for wait_ms and up to a sixteenth more. */
static int wait_for_change(struct sim_registry *registry, uint64_t known, int64_t wait_ms, int64_t deadline,
                           struct err *err)
{
    unsigned life = registry->life;
    int64_t until = deadline_in(wait_ms + between(0, wait_ms / 16));
    while (registry->life == life && registry->index <= known && registry->index_fault == INDEX_CORRECT &&
           deadline_left(until) > 0) {
        if (wait_queue_park(&registry->changed, deadline_min(until, deadline)) == WAIT_CANCELLED)
            return cancelled(err);
        if (deadline_left(deadline) == 0)
            return timed_out(err);
    }
    return registry->life == life ? 0 : err_set(err, ERR_BROKEN, "connection reset");
}

static uint64_t reported_index(struct sim_registry *registry)
{
    if (registry->index_fault == INDEX_JUMPS)
        registry->index += rand_below(1000);
    else if (registry->index_fault == INDEX_FALLS)
        registry->index = rand_below(registry->index + 1); /* as low as 0 */
    return registry->index;
}

/* The index of the next query, computed by the real code. */
static uint64_t index_after(const struct sim_registry *registry, uint64_t known, uint64_t reported)
{
    char header[24];
    snprintf(header, sizeof header, "%" PRIu64, reported);
    if (registry->kind->polls)
        return 0;
    return registry->kind->makes_checks ? consul_next_index(known, header) : reported;
}

static int query(struct link *link, struct registry_cursor *cursor, int64_t wait_ms, int64_t deadline,
                 struct instance_list **list, struct err *err)
{
    struct sim_registry *registry = link->to;
    uint64_t known = cursor->index;
    cursor->index = 0;
    *list = NULL;
    flow_add(&registry->traffic.queries, 1);
    if (send_request(link, true, deadline, err) != 0)
        return -1;
    if (known != 0 && wait_ms > 0 && wait_for_change(registry, known, wait_ms, deadline, err) != 0)
        return -1;
    uint64_t index = reported_index(registry);
    struct instance_list *answer = reported_list(registry);
    flow_add(&registry->traffic.entries, answer->count);
    if (deliver(link, deadline, err) != 0) {
        instance_list_unref(answer);
        return -1;
    }
    *list = answer;
    cursor->index = index_after(registry, known, index);
    if (registry->kind->makes_checks && known > 1 && cursor->index == known) { /* the index has not changed: confirmed */
        *list = NULL;
        instance_list_unref(answer);
    }
    registry->traffic.changed_lists += *list != NULL;
    return 0;
}

static int fetch(struct registry *base, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                 int64_t deadline, struct instance_list **list, struct err *err)
{
    (void)service;
    int status = query(link_of(base), cursor, wait_ms, deadline, list, err);
    invariants_fetched(link_of(base), status == 0);
    return status;
}

/* --- The kinds ------------------------------------------------------------------------------------ */

#define OPS                                                                                                    \
    .register_instance = register_instance, .deregister_instance = deregister_instance,                        \
    .is_registered = is_registered, .heartbeat = heartbeat, .fetch = fetch

static const struct registry_ops ops[SIM_KINDS] = {
    [SIM_CONSUL] = {.kind = "consul", .check_output = check_output, OPS},
    [SIM_ETCD] = {.kind = "etcd", .needs_heartbeat = true, .lacks_maintenance = true, OPS},
    [SIM_NACOS] = {.kind = "nacos", .needs_heartbeat = true, .polls = true, OPS},
    [SIM_EUREKA] = {.kind = "eureka", .needs_heartbeat = true, .polls = true, OPS},
};

void wire_connect(struct process *process, struct world *world)
{
    process->world = world;
    for (int i = 0; i < world->settings.registries; i++) {
        struct link *link = &process->links[i];
        link->process = process;
        link->to = &world->registries[i];
        link->registry.ops = &ops[world->settings.kinds[i] - sim_kinds];
    }
}
