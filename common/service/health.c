#include "service/health.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/json.h"

enum {
    SHARED_MS = 1000, /* how long a result is reused */
    SPARE_MS = 250,   /* what a round may take beyond its probes; docs/reference.md promises 500 */
};

void health_add(struct health *health, const struct health_probe *probe, void *arg)
{
    assert(health->count < HEALTH_PROBES_MAX);
    health->checks[health->count++] = (struct health_check){.probe = probe, .arg = arg};
}

void health_drain(struct health *health)
{
    health->draining = true;
}

/* --- One round of probes ---------------------------------------------------------- */

/* Logs a check that changed, not every round. A new reason is a change, too:
 * PostgreSQL is up at last, but its schema is missing. */
static void log_change(struct health_check *check)
{
    if (!check->healthy && log_repeat_is_due(&check->failure, check->detail, DEADLINE_NONE))
        log_warn("check_failing", log_s("check", check->probe->name), log_s("detail", check->detail));
    else if (check->healthy && log_repeat_end(&check->failure) >= 0)
        log_info("check_recovered", log_s("check", check->probe->name), log_s("detail", check->detail));
}

static void run_check(void *arg)
{
    struct health_check *check = arg;
    char detail[HEALTH_DETAIL_MAX] = "";
    struct err err = ERR_INIT;
    int64_t start_us = clock_us();
    bool healthy = check->probe->check(check->arg, check->deadline, detail, &err) == 0;
    if (err.code == ERR_CANCELLED)
        return; /* this process stops: no result about the dependency */

    check->latency_us = clock_us() - start_us;
    check->healthy = healthy;
    snprintf(check->detail, sizeof check->detail, "%s", healthy ? detail : err.text);
    log_change(check);
}

static void run_round(void *arg)
{
    struct health *health = arg;
    struct group group = {0};
    for (struct health_check *check = health->checks; check < health->checks + health->count; check++) {
        check->deadline = deadline_in(health->timeout_ms);
        if (group_go(&group, run_check, check) == 0)
            continue;
        check->healthy = false;
        snprintf(check->detail, sizeof check->detail, "not checked: too many requests at once");
    }
    group_join(&group);
    health->checked_ms = clock_ms();
}

/* If the round does not end in time, the results of the last one are used. */
static void refresh(struct health *health)
{
    enum wait_result ignored;
    bool checked = health->checked_ms != 0;
    if (checked && (health->draining || clock_ms() - health->checked_ms < SHARED_MS))
        return;
    flight_run(&health->flight, 0, run_round, health, deadline_in(health->timeout_ms + SPARE_MS), &ignored);
}

/* --- The result ------------------------------------------------------------------- */

static const struct health_check *first_failing(const struct health *health)
{
    for (const struct health_check *check = health->checks; check < health->checks + health->count; check++)
        if (check->probe->vital && !check->healthy)
            return check;
    return NULL;
}

static json_t *check_json_new(const struct health_check *check)
{
    int64_t tenths = (check->latency_us + 50) / 100; /* of a millisecond: one decimal */
    double latency_ms = (double)tenths / 10;
    return json_pack("{s:s, s:f, s:o}", "status", check->healthy ? "healthy" : "unhealthy", "latency_ms", latency_ms,
                     "detail", json_text_new(check->detail));
}

int health_report(struct health *health, struct buf *body)
{
    refresh(health);
    bool healthy = !first_failing(health) && !health->draining;
    json_t *checks = json_object();
    for (const struct health_check *check = health->checks; check < health->checks + health->count; check++)
        json_object_set_new(checks, check->probe->name, check_json_new(check));
    const char *status = health->draining ? "draining" : healthy ? "healthy" : "unhealthy";
    json_add_take(body, json_pack("{s:s, s:o}", "status", status, "checks", checks));
    return healthy ? 200 : 503;
}

int health_evaluate(struct health *health, struct err *err)
{
    if (health->draining)
        return err_set(err, ERR_FAILED, "draining");
    refresh(health);
    const struct health_check *failing = first_failing(health);
    if (!failing)
        return 0;
    return err_set(err, ERR_FAILED, "%s: %s", failing->probe->name, failing->detail);
}
