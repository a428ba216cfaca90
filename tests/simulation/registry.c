#include "simulation/registry.h"

#include "base/clock.h"
#include "base/rand.h"

void sim_registry_open(struct sim_registry *registry, const struct sim_kind *kind)
{
    registry->kind = kind;
    registry->index = 1 + rand_below(1000);
    registry->healthy_since_ms = clock_ms();
}

void sim_registry_close(struct sim_registry *registry)
{
    instance_list_unref(registry->list);
    instance_list_unref(registry->cached);
}

struct sim_registry *sim_registry_with_maintenance(struct sim_registry *registries)
{
    for (int i = 0; i < registries[0].settings->registries; i++)
        if (registries[i].kind->knows_maintenance)
            return &registries[i];
    return NULL;
}

void sim_registry_change(struct sim_registry *registry)
{
    registry->index += 1 + rand_below(3); /* other services change, too */
    instance_list_unref(registry->list);
    registry->list = NULL;
    wait_queue_wake_all(&registry->changed);
}

void sim_registry_set_mode(struct sim_registry *registry, enum mode mode)
{
    registry->mode = mode;
    wait_queue_wake_all(&registry->awake);
}

int64_t sim_registry_ttl_from_now(const struct sim_registry *registry)
{
    return deadline_in(TTL_INTERVALS * registry->settings->check_interval_ms);
}

static void lose(struct sim_entry *entry)
{
    if (!entry->used)
        return;
    entry->used = false;
    entry->lost_ms = clock_ms();
}

void sim_registry_lose(struct sim_registry *registry, uint64_t instances)
{
    for (int i = 0; i < registry->settings->instances; i++)
        if (has_bit(instances, i))
            lose(&registry->entries[i]);
    sim_registry_change(registry);
}

void sim_registry_lose_one(struct sim_registry *registry, int i)
{
    lose(&registry->entries[i]);
    sim_registry_change(registry);
}

static bool has_checks(const struct sim_registry *registry)
{
    return registry->kind->makes_checks && registry->settings->check != CHECK_NONE;
}

void sim_registry_restart(struct sim_registry *registry, bool forget, bool all_critical)
{
    registry->life++;
    instance_list_unref(registry->cached);
    registry->cached = NULL;
    for (int i = 0; i < registry->settings->instances; i++) {
        struct sim_entry *entry = &registry->entries[i];
        entry->ttl_until_ms = sim_registry_ttl_from_now(registry); /* TTLs and leases begin anew */
        if (entry->used && entry->passing && all_critical && has_checks(registry)) {
            entry->passing = false;
            entry->critical_since_ms = clock_ms();
        }
    }
    sim_registry_lose(registry, forget ? UINT64_MAX : 0);
    if (forget)
        registry->index = 1 + rand_below(20);
}

bool sim_registry_has(const struct sim_registry *registry, int i, uint16_t port)
{
    const struct sim_entry *entry = &registry->entries[i];
    return entry->used && entry->passing && entry->port == port;
}
