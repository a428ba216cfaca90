#include "simulation/checker.h"

#include "base/clock.h"
#include "simulation/entries.h"
#include "simulation/invariants.h"

enum { REAP_MS = 30000 }; /* as often as Consul's reaper runs */

/* --- Health checks ---------------------------------------------------------------- */

static void check_failed(struct sim_registry *registry, int i)
{
    if (++registry->entries[i].failures >= FAILURES_BEFORE_CRITICAL)
        entry_set_passing(registry, i, false);
}

/* A frozen or unhealthy process still accepts connections, so a TCP check passes. */
static bool gets_no_answer(const struct sim_registry *registry, int i)
{
    const struct settings *settings = &registry->world->settings;
    const struct sim_instance *instance = &registry->world->instances[i];
    if (instance->unreachable || instance->process.links[0].cut)
        return true;
    return settings->check != CHECK_TCP &&
           (instance->process.frozen || instance->slow_ms >= settings->check_timeout_ms);
}

static bool is_failing_check(const struct sim_registry *registry, int i)
{
    const struct sim_instance *instance = &registry->world->instances[i];
    if (!instance_is_at(instance, registry->entries[i].port))
        return true;
    return registry->world->settings.check != CHECK_TCP && (instance->life != UP || instance->unhealthy);
}

static void begin_check(struct sim_registry *registry, int i)
{
    struct sim_entry *entry = &registry->entries[i];
    const struct settings *settings = &registry->world->settings;
    if (gets_no_answer(registry, i)) {
        entry->verdict_ms = deadline_in(settings->check_timeout_ms);
        return;
    }
    entry->check_ms = deadline_in(settings->check_interval_ms);
    if (is_failing_check(registry, i)) {
        check_failed(registry, i);
        return;
    }
    entry->failures = 0;
    entry_set_passing(registry, i, true);
}

static void run_due_check(struct sim_registry *registry, int i)
{
    struct sim_entry *entry = &registry->entries[i];
    if (entry->verdict_ms != 0 && entry->verdict_ms <= clock_ms()) {
        entry->verdict_ms = 0;
        entry->check_ms = deadline_in(registry->world->settings.check_interval_ms);
        check_failed(registry, i);
    } else if (entry->verdict_ms == 0 && entry->check_ms <= clock_ms()) {
        begin_check(registry, i);
    }
}

/* --- Expiry and reaping --------------------------------------------------------------- */

static void check(struct sim_registry *registry, int i)
{
    enum check_kind kind = registry->world->settings.check;
    bool is_late = registry->entries[i].ttl_until_ms <= clock_ms();
    if (registry->is_etcd && is_late)
        entry_remove(registry, i, "has lost its lease");
    else if (!registry->is_etcd && kind == CHECK_TTL && is_late)
        entry_set_passing(registry, i, false);
    else if (!registry->is_etcd && kind != CHECK_TTL && kind != CHECK_NONE)
        run_due_check(registry, i);
}

static void reap(struct sim_registry *registry)
{
    int64_t after_ms = registry->world->settings.deregister_after_ms;
    registry->reap_ms = deadline_in(REAP_MS);
    for (int i = 0; i < INSTANCES_MAX; i++)
        if (!registry->entries[i].passing && clock_ms() - registry->entries[i].critical_since_ms > after_ms)
            entry_remove(registry, i, "is reaped");
}

void checker_run(void *arg)
{
    struct sim_registry *registry = arg;
    struct world *world = registry->world;
    while (!world->is_ending) {
        invariants_check_all(world);
        fiber_sleep(CHECKER_TICK_MS);
        if (registry->mode == REFUSES || registry->mode == HANGS)
            continue; /* its process does not run */
        for (int i = 0; i < world->settings.instances; i++)
            if (registry->entries[i].used)
                check(registry, i);
        if (!registry->is_etcd && registry->reap_ms <= clock_ms())
            reap(registry);
    }
}
