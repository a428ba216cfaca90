#include "service/health.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_repeat.h"
#include "base/metrics.h"
#include "loop/sync.h"
#include "net/json.h"

enum {
    SHARED_MS = 1000, /* how long a result serves all who ask */
    SPARE_MS = 250,   /* that the round itself may take on top of its probes */
};

enum state { UNKNOWN, HEALTHY, UNHEALTHY };

struct check {
    const struct health_probe *probe;
    void *arg;
    int64_t deadline; /* of the round under way */
    enum state state;
    int64_t latency_us;
    struct log_repeat failure; /* as it was logged */
    char detail[HEALTH_DETAIL_MAX];
};

struct health {
    struct check checks[HEALTH_PROBES_MAX];
    size_t count;
    int64_t timeout_ms;
    int64_t checked_ms; /* end of the last round; 0: never */
    bool draining;
    struct flight flight;
};

struct health *health_new(int64_t timeout_ms)
{
    struct health *health = calloc(1, sizeof *health);
    if (health)
        health->timeout_ms = timeout_ms;
    return health;
}

void health_free(struct health *health)
{
    free(health);
}

void health_add(struct health *health, const struct health_probe *probe, void *arg)
{
    assert(health->count < HEALTH_PROBES_MAX);
    health->checks[health->count++] = (struct check){.probe = probe, .arg = arg};
}

void health_drain(struct health *health)
{
    health->draining = true;
}

/* --- One round --------------------------------------------------------------------- */

/* One line when it changes, not one for each time it is asked. Another reason is
 * a change, too: PostgreSQL is there at last, but without the schema. */
static void log_change(struct check *check)
{
    if (check->state == UNHEALTHY && log_repeat_is_due(&check->failure, check->detail, DEADLINE_NONE))
        log_warn("check_failing", log_s("check", check->probe->name), log_s("detail", check->detail));
    else if (check->state == HEALTHY && log_repeat_end(&check->failure) >= 0)
        log_info("check_recovered", log_s("check", check->probe->name), log_s("detail", check->detail));
}

static void run_check(void *arg)
{
    struct check *check = arg;
    char detail[HEALTH_DETAIL_MAX] = "";
    struct err err = ERR_INIT;
    int64_t start_us = clock_us();
    bool healthy = check->probe->check(check->arg, check->deadline, detail, &err) == 0;
    if (err.code == ERR_CANCELLED)
        return; /* we stop: this says nothing of the dependency */

    check->latency_us = clock_us() - start_us;
    check->state = healthy ? HEALTHY : UNHEALTHY;
    snprintf(check->detail, sizeof check->detail, "%s", healthy ? detail : err.text);
    log_change(check);
}

static void run_round(void *arg)
{
    struct health *health = arg;
    struct group group = {0};
    for (struct check *check = health->checks; check < health->checks + health->count; check++) {
        check->deadline = deadline_in(health->timeout_ms);
        if (group_go(&group, run_check, check) == 0)
            continue;
        check->state = UNHEALTHY;
        snprintf(check->detail, sizeof check->detail, "not asked: too much to do at once");
    }
    group_join(&group);
    health->checked_ms = clock_ms();
}

static void refresh(struct health *health)
{
    enum wait_result ignored;
    bool asked_once = health->checked_ms != 0;
    if (asked_once && (health->draining || clock_ms() - health->checked_ms < SHARED_MS))
        return;
    flight_run(&health->flight, 0, run_round, health, deadline_in(health->timeout_ms + SPARE_MS), &ignored);
}

/* --- What it says -------------------------------------------------------------------- */

static const struct check *first_failing(const struct health *health)
{
    for (const struct check *check = health->checks; check < health->checks + health->count; check++)
        if (check->probe->vital && check->state != HEALTHY)
            return check;
    return NULL;
}

static void add_check(struct buf *body, const struct check *check)
{
    buf_addf(body, "\"%s\":{\"status\":\"%s\",\"latency_ms\":%.1f,\"detail\":", check->probe->name,
             check->state == HEALTHY ? "healthy" : "unhealthy", (double)check->latency_us / 1000);
    if (!json_add_string(body, check->detail, strlen(check->detail)))
        buf_adds(body, "\"\"");
    buf_adds(body, "}");
}

int health_report(struct health *health, struct buf *body)
{
    refresh(health);
    bool healthy = !first_failing(health) && !health->draining;
    buf_addf(body, "{\"status\":\"%s\",\"checks\":{",
             health->draining ? "draining" : healthy ? "healthy" : "unhealthy");
    for (size_t i = 0; i < health->count; i++) {
        if (i > 0)
            buf_adds(body, ",");
        add_check(body, &health->checks[i]);
    }
    buf_adds(body, "}}");
    return healthy ? 200 : 503;
}

int health_ask(struct health *health, struct err *err)
{
    if (health->draining)
        return err_set(err, ERR_FAILED, "draining");
    refresh(health);
    const struct check *failing = first_failing(health);
    if (!failing)
        return 0;
    return err_set(err, ERR_FAILED, "%s: %s", failing->probe->name, failing->detail);
}

void health_metrics(const struct health *health, struct buf *out)
{
    metrics_head(out, "health_check_healthy", "gauge", "What the last round of health checks found: 1 or 0.");
    for (const struct check *check = health->checks; check < health->checks + health->count; check++) {
        char label[64];
        metrics_label(label, sizeof label, "check", check->probe->name);
        metrics_value(out, "health_check_healthy", label, check->state == HEALTHY);
    }
}
