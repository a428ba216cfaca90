#include "simulation/entries.h"

#include <string.h>

#include "base/clock.h"
#include "registry/consul/consul_checks.h"

static const char *name_of(const struct sim_registry *registry, int i)
{
    return registry->instances[i].process.name;
}

void entry_set_passing(struct sim_registry *registry, int i, bool passing)
{
    struct sim_entry *entry = &registry->entries[i];
    if (entry->passing == passing)
        return;
    entry->passing = passing;
    entry->critical_since_ms = clock_ms();
    trace_note(registry->trace, name_of(registry, i), passing ? "passes its check" : "is critical", entry->port);
    sim_registry_change(registry);
}

static void entry_open(struct sim_registry *registry, struct sim_entry *entry)
{
    const struct settings *settings = registry->settings;
    bool unchecked = settings->check == CHECK_NONE || (!registry->kind->makes_checks && settings->check == CHECK_TCP);
    *entry = (struct sim_entry){
        .used = true, .critical_since_ms = clock_ms(), .lost_ms = entry->lost_ms, .passing = unchecked,
        .check_ms = deadline_in(between(1, settings->check_interval_ms)),
        .ttl_until_ms = sim_registry_ttl_from_now(registry),
    };
}

/* Ordered by the instance itself. etcd stores what the last registration says; the others keep what they have if it
 * says nothing. */
static void apply_order(const struct sim_registry *registry, struct sim_entry *entry, enum maintenance order)
{
    bool on = order == MAINTENANCE_ON || (order == MAINTENANCE_AS_IS && registry->kind->knows_maintenance &&
                                          entry->in_maintenance);
    if (order != MAINTENANCE_AS_IS)
        entry->is_to_be_in_maintenance = on && registry->kind->knows_maintenance;
    if (entry->in_maintenance != on)
        entry->maintenance_ms = clock_ms();
    entry->in_maintenance = on;
}

void entry_register(struct sim_registry *registry, const struct sim_registration *registration)
{
    struct sim_entry *entry = &registry->entries[registration->instance];
    trace_note(registry->trace, name_of(registry, registration->instance), "registers", registration->port);
    flow_add(&registry->traffic.registrations, 1);
    if (registry->forgets_registrations)
        return;
    if (!entry->used)
        entry_open(registry, entry);
    entry->port = registration->port;
    entry->address = registration->address;
    /* In Consul this also removes the check of the maintenance mode. The real code decides whether it is asked for. */
    if (registry->kind->makes_checks &&
        strstr(consul_checks_register_path(entry->in_maintenance), "replace-existing-checks"))
        entry->in_maintenance = false;
    apply_order(registry, entry, registration->maintenance);
    sim_registry_change(registry);
}

void entry_remove(struct sim_registry *registry, int i, const char *why)
{
    if (!registry->entries[i].used)
        return;
    trace_note(registry->trace, name_of(registry, i), why, registry->entries[i].port);
    sim_registry_lose_one(registry, i);
}

bool entry_heartbeat(struct sim_registry *registry, int i, bool healthy)
{
    struct sim_entry *entry = &registry->entries[i];
    if (!entry->used || (registry->kind->makes_checks && registry->settings->check != CHECK_TTL))
        return false;
    entry->ttl_until_ms = sim_registry_ttl_from_now(registry);
    entry_set_passing(registry, i, healthy);
    return true;
}

void entry_maintain(struct sim_registry *registry, int i, bool on)
{
    struct sim_entry *entry = &registry->entries[i];
    if (!entry->used || entry->in_maintenance == on)
        return;
    entry->in_maintenance = entry->is_to_be_in_maintenance = on;
    entry->maintenance_ms = clock_ms();
    sim_registry_change(registry);
}
