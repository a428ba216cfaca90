#include "simulation/registry.h"

#include "base/clock.h"
#include "base/rand.h"
#include "simulation/entries.h"

void sim_registry_open(struct sim_registry *registry, struct world *world, bool is_etcd)
{
    registry->world = world;
    registry->is_etcd = is_etcd;
    registry->name = is_etcd ? "etcd" : "consul";
    registry->index = 1 + rand_below(1000);
    registry->well_since_ms = clock_ms();
}

void sim_registry_close(struct sim_registry *registry)
{
    instance_list_unref(registry->list);
}

/* --- Change ---------------------------------------------------------------------- */

void sim_registry_change(struct sim_registry *registry)
{
    registry->index += 1 + rand_below(3); /* other services change too */
    instance_list_unref(registry->list);
    registry->list = NULL;
    wait_queue_wake_all(&registry->changed);
}

void sim_registry_set_mode(struct sim_registry *registry, enum mode mode)
{
    registry->mode = mode;
    wait_queue_wake_all(&registry->awake);
}

static int64_t ttl_from_now(const struct sim_registry *registry)
{
    return deadline_in(TTL_INTERVALS * registry->world->settings.check_interval_ms);
}

static void entry_lose(struct sim_registry *registry, int i)
{
    registry->entries[i].used = false;
    registry->entries[i].lost_ms = clock_ms();
}

void sim_registry_lose(struct sim_registry *registry, uint64_t instances)
{
    for (int i = 0; i < INSTANCES_MAX; i++)
        if (registry->entries[i].used && (instances >> i & 1))
            entry_lose(registry, i);
    sim_registry_change(registry);
}

static bool has_checks(const struct sim_registry *registry)
{
    return !registry->is_etcd && registry->world->settings.check != CHECK_NONE;
}

void sim_registry_restart(struct sim_registry *registry, bool forget, bool all_critical)
{
    registry->life++;
    for (int i = 0; i < INSTANCES_MAX; i++) {
        struct sim_entry *entry = &registry->entries[i];
        entry->ttl_until_ms = ttl_from_now(registry); /* counted from anew, leases too */
        if (entry->used && entry->passing && all_critical && has_checks(registry)) {
            entry->passing = false;
            entry->critical_since_ms = clock_ms();
        }
    }
    sim_registry_lose(registry, forget ? UINT64_MAX : 0);
    if (forget)
        registry->index = 1 + rand_below(20);
}

/* --- Entries --------------------------------------------------------------------------- */

static const char *name_of(const struct sim_registry *registry, int i)
{
    return registry->world->instances[i].process.name;
}

bool sim_registry_has(const struct sim_registry *registry, int i, uint16_t port)
{
    const struct sim_entry *entry = &registry->entries[i];
    return entry->used && entry->passing && entry->port == port;
}

void entry_judge(struct sim_registry *registry, int i, bool passing)
{
    struct sim_entry *entry = &registry->entries[i];
    if (entry->passing == passing)
        return;
    entry->passing = passing;
    entry->critical_since_ms = clock_ms();
    world_note(registry->world, name_of(registry, i), passing ? "passes its check" : "is critical", entry->port);
    sim_registry_change(registry);
}

static void entry_open(struct sim_registry *registry, struct sim_entry *entry)
{
    const struct settings *settings = &registry->world->settings;
    bool unchecked = settings->check == CHECK_NONE || (registry->is_etcd && settings->check == CHECK_TCP);
    *entry = (struct sim_entry){
        .used = true, .critical_since_ms = clock_ms(), .lost_ms = entry->lost_ms, .passing = unchecked,
        .check_ms = deadline_in(between(1, settings->check_interval_ms)), .ttl_until_ms = ttl_from_now(registry),
    };
}

void entry_enroll(struct sim_registry *registry, const struct enrolment *enrolment)
{
    struct sim_entry *entry = &registry->entries[enrolment->instance];
    world_note(registry->world, name_of(registry, enrolment->instance), "registers", enrolment->port);
    if (registry->forgets)
        return;
    if (!entry->used)
        entry_open(registry, entry);
    entry->port = enrolment->port;
    entry->address = enrolment->address;
    entry->in_maintenance = false; /* replace-existing-checks takes that check away, too */
    sim_registry_change(registry);
}

void entry_remove(struct sim_registry *registry, int i, const char *why)
{
    if (!registry->entries[i].used)
        return;
    entry_lose(registry, i);
    world_note(registry->world, name_of(registry, i), why, registry->entries[i].port);
    sim_registry_change(registry);
}

bool entry_beat(struct sim_registry *registry, int i, bool healthy)
{
    struct sim_entry *entry = &registry->entries[i];
    if (!entry->used || (!registry->is_etcd && registry->world->settings.check != CHECK_TTL))
        return false;
    entry->ttl_until_ms = ttl_from_now(registry);
    entry_judge(registry, i, healthy);
    return true;
}

void sim_registry_maintain(struct sim_registry *registry, int i, bool on)
{
    struct sim_entry *entry = &registry->entries[i];
    if (!entry->used || entry->in_maintenance == on)
        return;
    entry->in_maintenance = on;
    entry->maintenance_ms = clock_ms();
    sim_registry_change(registry);
}
