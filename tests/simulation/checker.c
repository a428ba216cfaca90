#include "simulation/checker.h"

#include "base/clock.h"
#include "simulation/entries.h"
#include "simulation/invariants.h"

enum {
    REAP_MS = 30000,         /* as often as Consul's reaper runs */
    RENEWING_PERCENT = 85,   /* Eureka's self-preservation begins below */
};

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
    if (instance->unreachable || instance->process.links[registry - registry->world->registries].cut)
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
    if (kind == CHECK_TTL && registry->entries[i].ttl_until_ms <= clock_ms())
        entry_set_passing(registry, i, false);
    else if (kind != CHECK_TTL && kind != CHECK_NONE)
        run_due_check(registry, i);
}

/* Consul's. */
static void run_checks(struct sim_registry *registry)
{
    for (int i = 0; i < registry->world->settings.instances; i++)
        if (registry->entries[i].used)
            check(registry, i);
}

static void reap(struct sim_registry *registry)
{
    int64_t after_ms = registry->world->settings.deregister_after_ms;
    registry->reap_ms = deadline_in(REAP_MS);
    for (int i = 0; i < registry->settings->instances; i++)
        if (!registry->entries[i].passing && clock_ms() - registry->entries[i].critical_since_ms > after_ms)
            entry_remove(registry, i, "is reaped");
}

static bool is_late(const struct sim_registry *registry, int i)
{
    return registry->entries[i].used && registry->entries[i].ttl_until_ms <= clock_ms();
}

static bool protects_itself(const struct sim_registry *registry)
{
    int all = 0, late = 0;
    for (int i = 0; i < registry->settings->instances; i++) {
        all += registry->entries[i].used;
        late += is_late(registry, i);
    }
    return registry->kind->keeps_dead && (all - late) * 100 < all * RENEWING_PERCENT;
}

static void expire(struct sim_registry *registry, int i)
{
    const struct sim_entry *entry = &registry->entries[i];
    int64_t ttl_ms = sim_registry_ttl_from_now(registry) - clock_ms();
    if (registry->kind->shows_unhealthy && clock_ms() < entry->ttl_until_ms + ttl_ms)
        entry_set_passing(registry, i, false);
    else
        entry_remove(registry, i, "has lost its lease");
}

/* Those that have sent no heartbeat for too long. */
static void expire_all(struct sim_registry *registry)
{
    if (registry->kind->evicts_each_ms > 0 && registry->evict_ms > clock_ms())
        return;
    registry->evict_ms = deadline_in(registry->kind->evicts_each_ms);
    if (protects_itself(registry))
        return;
    for (int i = 0; i < registry->world->settings.instances; i++)
        if (is_late(registry, i))
            expire(registry, i);
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
        if (!registry->kind->makes_checks) {
            expire_all(registry);
            continue;
        }
        run_checks(registry);
        if (registry->reap_ms <= clock_ms())
            reap(registry);
    }
}
