#include "stage.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "checker/text.h"

enum { THREADS = 2, PATIENCE_MS = 20000, NAIVE = 0 };

/* --- Start and end ------------------------------------------------------------------------ */

static int start_users(struct stage *stage, struct err *err)
{
    for (int i = 0; i < USERS; i++) {
        char id[40];
        snprintf(id, sizeof id, "SERVICE_ID=user-service-%d", i + 1);
        const char *const env[] = {id, "RECONCILE_INTERVAL=5s", "REGISTER_JITTER=1s", NULL};
        if (service_start(&stage->users[i], &stage->world, "user-service", env, err) != 0)
            return -1;
    }
    return 0;
}

static int add_orders(struct stage *stage, const char *name, const char *program, struct err *err)
{
    int caller = stage->record.callers++;
    char id[64];
    stage->record.names[caller] = name;
    snprintf(id, sizeof id, "SERVICE_ID=order-service-%d", caller);
    const char *const env[] = {id, "DISCOVERY_CACHE_TTL=5s", "RECONCILE_INTERVAL=5s", NULL};
    return service_start(&stage->orders[caller], &stage->world, program, env, err);
}

static bool all_are_passing(void *arg)
{
    const struct stage *stage = arg;
    return consul_count(&stage->world.consul, "user-service", true) == USERS;
}

static bool all_are_known(void *arg)
{
    struct stage *stage = arg;
    struct view view;
    view_take(&stage->orders[projects_own(stage)], "user-service", &view);
    return view.usable == USERS && all_are_passing(stage);
}

static void start_load(struct stage *stage)
{
    char program[PLACE_PATH_MAX + 32], build[PLACE_PATH_MAX], prefix[SERVICE_URL_MAX];
    build_path(build);
    snprintf(program, sizeof program, "%s/lesson/order_service", build);
    stage->record.calls_a_step = CALLS_A_SECOND * STEP_MS / 1000;
    stage->naive = naive_start(program, stage->world.consul.url, THREADS, CALLS_A_SECOND / THREADS);
    for (int i = NAIVE + 1; i < stage->record.callers; i++)
        stage->load[i] = load_start(service_url(&stage->orders[i], "/users/", prefix), THREADS, CALLS_A_SECOND / THREADS);
}

int stage_open(struct stage *stage, const char *learners, struct err *err)
{
    *stage = (struct stage){.record = {.outage_begin = -1, .outage_end = -1}};
    stage->record.names[stage->record.callers++] = text_of(TEXT("naive", "naive"));
    if (world_start(&stage->world, err) != 0 || start_users(stage, err) != 0)
        return -1;
    /* First the instances, then who caches them: an early look would be remembered as an empty list. */
    if (!wait_until(all_are_passing, stage, PATIENCE_MS))
        return err_set(err, ERR_TIMEOUT, "Consul does not turn all user-services passing");
    if (*learners && add_orders(stage, "yours", learners, err) != 0)
        return -1;
    if (add_orders(stage, "project", "order-service", err) != 0)
        return -1;
    if (!wait_until(all_are_known, stage, PATIENCE_MS))
        return err_set(err, ERR_TIMEOUT, "order-service does not learn of all user-services");
    start_load(stage);
    return 0;
}

void stage_close(struct stage *stage)
{
    struct load_count ignored;
    if (stage->naive)
        naive_stop(stage->naive);
    for (int i = 0; i < stage->record.callers; i++) {
        if (stage->load[i])
            load_stop(stage->load[i], &ignored);
        proc_stop(&stage->orders[i].proc, SIGKILL, 0);
    }
    for (int i = 0; i < USERS; i++)
        proc_stop(&stage->users[i].proc, SIGKILL, 0);
    world_stop(&stage->world);
}

/* --- Looking ----------------------------------------------------------------------------------- */

static void look(struct stage *stage, int caller, struct half_second *seen)
{
    struct load_count count;
    if (caller == NAIVE) {
        naive_take(stage->naive, &count);
    } else {
        struct view view;
        load_take(stage->load[caller], &count);
        view_take(&stage->orders[caller], "user-service", &view);
        snprintf(seen->source, sizeof seen->source, "%s", view.source);
        seen->age_ms = view.age_ms;
    }
    seen->ok = (int)count.ok;
    seen->failed = (int)count.failed;
}

static void step(struct stage *stage)
{
    struct record *record = &stage->record;
    if (record->steps == STEPS_MAX)
        return;
    struct half_second *before = record->steps ? record->seen[record->steps - 1] : NULL;
    for (int caller = 0; caller < record->callers; caller++) {
        struct half_second *seen = &record->seen[record->steps][caller];
        look(stage, caller, seen);
        if (before && strcmp(before[caller].source, "consul") == 0 && strcmp(seen->source, "cache") == 0)
            record_event(record, text_of(TEXT("%s: the cache is stale, and still in use", "%s：缓存已过期，仍在用")),
                         record->names[caller]);
        if (before && strcmp(before[caller].source, "cache") == 0 && strcmp(seen->source, "consul") == 0)
            record_event(record, text_of(TEXT("%s: Consul's list again", "%s：重新用上 Consul 的列表")),
                         record->names[caller]);
    }
    record->steps++;
    if (record->steps % 2 == 0)
        record_tell(record);
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

void stage_watch(struct stage *stage, int64_t ms)
{
    for (int64_t end = clock_ms() + ms, next = clock_ms() + STEP_MS; next <= end; next += STEP_MS) {
        wait_until(never, NULL, next - clock_ms());
        step(stage);
    }
}

bool stage_watch_recovery(struct stage *stage, int64_t limit_ms)
{
    int64_t end = clock_ms() + limit_ms;
    int own = projects_own(stage);
    do {
        stage_watch(stage, STEP_MS);
        const struct half_second *last = &stage->record.seen[stage->record.steps - 1][own];
        if (strcmp(last->source, "consul") == 0 && all_are_known(stage))
            return true;
    } while (clock_ms() < end);
    return false;
}
