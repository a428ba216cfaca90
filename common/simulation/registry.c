#include "simulation/registry.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/rand.h"
#include "simulation/invariants.h"
#include "simulation/wire.h"

void sim_registry_open(struct sim_registry *registry, struct world *world)
{
    registry->world = world;
    registry->index = 1 + rand_below(1000);
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

static void entry_lose(struct sim_registry *registry, int i)
{
    registry->entries[i].used = false;
    registry->entries[i].lost_ms = clock_ms();
}

void sim_registry_restart(struct sim_registry *registry, bool forget, bool all_critical)
{
    registry->life++;
    for (int i = 0; i < INSTANCES_MAX; i++) {
        struct sim_entry *entry = &registry->entries[i];
        if (!entry->used)
            continue;
        if (forget)
            entry_lose(registry, i);
        entry->ttl_until_ms = deadline_in(TTL_INTERVALS * registry->world->settings.check_interval_ms);
        if (all_critical && entry->passing) {
            entry->passing = false;
            entry->critical_since_ms = clock_ms();
        }
    }
    sim_registry_change(registry);
    if (forget)
        registry->index = 1 + rand_below(20);
}

/* --- Entries --------------------------------------------------------------------------- */

static void entry_judge(struct sim_registry *registry, int i, bool passing)
{
    struct sim_entry *entry = &registry->entries[i];
    if (entry->passing == passing)
        return;
    entry->passing = passing;
    entry->critical_since_ms = clock_ms();
    world_note(registry->world, registry->world->instances[i].process.name, passing ? "passes its check" : "is critical",
               entry->port);
    sim_registry_change(registry);
}

void entry_enroll(struct sim_registry *registry, const struct enrolment *enrolment)
{
    struct sim_entry *entry = &registry->entries[enrolment->instance];
    const struct settings *settings = &registry->world->settings;
    world_note(registry->world, registry->world->instances[enrolment->instance].process.name, "registers",
               enrolment->port);
    if (registry->forgets)
        return;
    if (!entry->used) {
        *entry = (struct sim_entry){.used = true, .critical_since_ms = clock_ms(), .lost_ms = entry->lost_ms};
        entry->check_ms = deadline_in(between(1, settings->check_interval_ms));
        entry->ttl_until_ms = deadline_in(TTL_INTERVALS * settings->check_interval_ms);
    }
    entry->port = enrolment->port;
    entry->address = enrolment->address;
    sim_registry_change(registry);
}

void entry_remove(struct sim_registry *registry, int i, const char *why)
{
    if (!registry->entries[i].used)
        return;
    entry_lose(registry, i);
    world_note(registry->world, registry->world->instances[i].process.name, why, registry->entries[i].port);
    sim_registry_change(registry);
}

bool entry_beat(struct sim_registry *registry, int i, bool healthy)
{
    struct sim_entry *entry = &registry->entries[i];
    if (!entry->used || registry->world->settings.check != CHECK_TTL)
        return false;
    entry->ttl_until_ms = deadline_in(TTL_INTERVALS * registry->world->settings.check_interval_ms);
    entry_judge(registry, i, healthy);
    return true;
}

/* --- The agent ------------------------------------------------------------------------------- */

static void check_failed(struct sim_registry *registry, int i)
{
    if (++registry->entries[i].failures >= FAILURES_BEFORE_CRITICAL)
        entry_judge(registry, i, false);
}

static void check_by_http(struct sim_registry *registry, int i)
{
    struct sim_entry *entry = &registry->entries[i];
    const struct settings *settings = &registry->world->settings;
    const struct sim_instance *instance = &registry->world->instances[i];
    if (instance->unreachable || instance->process.cut || instance->process.frozen ||
        instance->slow_ms >= settings->check_timeout_ms) {
        entry->verdict_ms = deadline_in(settings->check_timeout_ms);
        return;
    }
    entry->check_ms = deadline_in(settings->check_interval_ms);
    if (instance->life != UP || instance->port != entry->port || instance->sick) {
        check_failed(registry, i);
        return;
    }
    entry->failures = 0;
    entry_judge(registry, i, true);
}

static void check(struct sim_registry *registry, int i)
{
    struct sim_entry *entry = &registry->entries[i];
    const struct settings *settings = &registry->world->settings;
    if (settings->check == CHECK_TTL) {
        if (entry->ttl_until_ms <= clock_ms())
            entry_judge(registry, i, false);
    } else if (entry->verdict_ms != 0 && entry->verdict_ms <= clock_ms()) {
        entry->verdict_ms = 0;
        entry->check_ms = deadline_in(settings->check_interval_ms);
        check_failed(registry, i);
    } else if (entry->verdict_ms == 0 && entry->check_ms <= clock_ms()) {
        check_by_http(registry, i);
    }
}

static void reap(struct sim_registry *registry)
{
    int64_t after_ms = registry->world->settings.deregister_after_ms;
    registry->reap_ms = deadline_in(30000); /* Consul's reaper runs each 30 s */
    for (int i = 0; i < INSTANCES_MAX; i++)
        if (!registry->entries[i].passing && clock_ms() - registry->entries[i].critical_since_ms > after_ms)
            entry_remove(registry, i, "is reaped");
}

void sim_registry_run(void *arg)
{
    struct world *world = arg;
    struct sim_registry *registry = &world->registry;
    while (!world->is_ending) {
        invariants_sweep(world);
        fiber_sleep(CHECKER_TICK_MS);
        if (registry->mode == REFUSES || registry->mode == HANGS)
            continue; /* its process does not run */
        for (int i = 0; i < world->settings.instances; i++)
            if (registry->entries[i].used)
                check(registry, i);
        if (registry->reap_ms <= clock_ms())
            reap(registry);
    }
}
