/* Slow start: a fourth instance joins under load. Its share of the calls is measured three times,
 * and grows from a tenth of the full one. */
#include <stdio.h>
#include <string.h>

#include "acts.h"
#include "base/clock.h"
#include "narrator.h"

enum {
    MEASURED_MS = 1000,
    FULL_MS = 10500, /* a little more than LB_SLOW_START in the demo (stage.c) */
};

static const char newcomer[] = "user-service-4";

static bool is_known(void *arg)
{
    struct stage *stage = arg;
    struct view view;
    view_take(&stage->orders, "user-service", &view);
    return view_find(&view, newcomer) && view.usable == USERS + 1;
}

static bool is_later(void *arg)
{
    const int64_t *end_ms = arg;
    return clock_ms() >= *end_ms;
}

static void wait_for(int64_t end_ms)
{
    time_until(is_later, &end_ms, FULL_MS + MEASURED_MS);
}

struct picks {
    int64_t newcomer, all;
};

static struct picks take_picks(struct stage *stage)
{
    struct picks picks = {0};
    struct view view;
    view_take(&stage->orders, "user-service", &view);
    for (int i = 0; i < view.count; i++) {
        picks.all += view.at[i].picks;
        picks.newcomer += strcmp(view.at[i].id, newcomer) == 0 ? view.at[i].picks : 0;
    }
    return picks;
}

/* Its part of the calls for a second from then on, in percent. */
static double share_from(struct stage *stage, int64_t begin_ms)
{
    wait_for(begin_ms);
    struct picks before = take_picks(stage);
    wait_for(begin_ms + MEASURED_MS);
    struct picks after = take_picks(stage);
    int64_t all = after.all - before.all;
    return all > 0 ? 100.0 * (double)(after.newcomer - before.newcomer) / (double)all : 0;
}

void act_slow_start(struct stage *stage)
{
    struct err err = ERR_INIT;
    struct load_count count;
    struct service user = {0};
    static const char *const settings[] = {"SERVICE_ID=user-service-4", NULL};
    struct load *load = stage_load(stage);
    step_begin("A fourth instance starts: slow start (LB_SLOW_START=10s)",
               "it is cold, so it gets a tenth of its full share at first, and more each second; in the end a "
               "quarter of the calls");
    if (stage_start_service(stage, &user, "user-service", settings, &err) != 0)
        step_check(false, "%s", err.text);
    int64_t took = time_until(is_known, stage, 90000), known_ms = clock_ms();
    step_check(took >= 0, "order-service knew it after %s", seconds(took));
    double first = share_from(stage, known_ms), middle = share_from(stage, known_ms + FULL_MS / 2);
    double full = share_from(stage, known_ms + FULL_MS);
    step_check(first * 2 < full && first < middle && middle < full && full > 20,
               "its part of the calls: %.0f %% in the first second, %.0f %% after 5 s, %.0f %% after 10 s", first,
               middle, full);
    service_stop(&user);
    load_stop(load, &count);
    check_load(&count);
    step_end();
}
