/* The lesson's part six and exercise 3: the registry itself fails. */
#include <stdio.h>
#include <string.h>

#include "acts.h"
#include "base/clock.h"
#include "narrator.h"

static bool uses_stale_list(void *arg)
{
    struct called called;
    call_orders(arg, 1, &called);
    return called.status == 200 && strcmp(called.source, "cache") == 0;
}

void act_registry_stopped(struct stage *stage)
{
    struct called called;
    struct view before, after;
    struct load_count count;
    struct load *load = stage_load(stage);
    step_begin("%s stops",
               "calls continue: with the cached list, which is fresh for its TTL of 10 s, then with the same list as stale");
    server_stop(&stage->registry);
    call_orders(stage, 1, &called);
    step_check(called.status == 200 && strcmp(called.source, stage->kind->source) == 0,
               "at once: %d, X-Discovery-Source: %s (the list is still fresh)", called.status, called.source);
    int64_t took = time_until(uses_stale_list, stage, 60000);
    step_check(took >= 0, "after %s: 200, X-Discovery-Source: cache (the list is stale and still used)", seconds(took));
    view_take(&stage->orders, "user-service", &before);
    load_take(load, &count);
    check_load(&count);
    load_stop(load, &count);
    view_take(&stage->orders, "user-service", &after);
    step_check(after.age_ms >= before.age_ms && after.count == USERS,
               "the list's age grows: %s; it still has %d instances",
               seconds(after.age_ms), after.count);
    step_end();
}

static bool all_are_back(void *arg)
{
    struct stage *stage = arg;
    return stage_listed(stage, "user-service", true) == USERS && stage_listed(stage, "order-service", true) == 1;
}

static bool list_is_fresh(void *arg)
{
    struct stage *stage = arg;
    struct view view;
    view_take(&stage->orders, "user-service", &view);
    return strcmp(view.source, stage->kind->source) == 0 && view.usable == USERS;
}

void act_registry_restarted(struct stage *stage)
{
    struct err err = ERR_INIT;
    struct load_count count;
    struct load *load = stage_load(stage);
    step_begin("%s starts again with no data",
               "each instance finds this out (RECONCILE_INTERVAL=5s) and registers again; order-service keeps its list meanwhile");
    if (server_start(&stage->registry, &err) != 0)
        step_check(false, "%s", err.text);
    step_seen("%s lists %d user-services", stage->kind->name, stage_listed(stage, "user-service", false));
    int64_t took = time_until(all_are_back, stage, 90000);
    step_check(took >= 0, "all three, and order-service, are registered and passing after %s", seconds(took));
    took = time_until(list_is_fresh, stage, 90000);
    step_check(took >= 0, "order-service uses %s's list again after another %s", stage->kind->name,
               seconds(took));
    load_stop(load, &count);
    check_load(&count);
    step_end();
}
