/* How soon the caller knows a new instance, and how soon it stops calling one that deregisters. */
#include <signal.h>
#include <stdio.h>

#include "../pitfalls/report.h"
#include "measures.h"

enum {
    THREADS = 2,
    PER_SECOND = 10,
    NEW = STAGE_FIRST,
    PATIENCE_MS = 180000, /* Eureka needs a minute; Consul's agents wait while their servers have no leader */
};

struct awaited {
    bool (*condition)(struct stage *stage, int i);
    struct stage *stage;
    int i;
};

static bool is_true(void *arg)
{
    const struct awaited *awaited = arg;
    return awaited->condition(awaited->stage, awaited->i);
}

int64_t time_until_user(bool (*condition)(struct stage *stage, int i), struct stage *stage, int i, int64_t limit_ms)
{
    return time_until(is_true, &(struct awaited){condition, stage, i}, limit_ms);
}

static int measure_new(struct stage *stage, struct result *result, struct err *err)
{
    report_progress("%s", SAY("a new instance starts", "启动一个新实例"));
    if (stage_start_user(stage, NEW, err) != 0)
        return -1;
    result->known_ms = time_until_user(stage_is_known, stage, NEW, PATIENCE_MS);
    return result->known_ms >= 0 ? 0 : err_set(err, ERR_TIMEOUT, "the caller does not find a new instance");
}

/* It drains: it deregisters first, and serves until no caller calls it. So each failed call is one too many. */
static int measure_leaving(struct stage *stage, struct result *result, struct err *err)
{
    char url[SERVICE_URL_MAX];
    struct load_count count;
    report_progress("%s", SAY("it deregisters, while it gets calls", "它在有请求时注销"));
    struct load *load = load_start(stage_users_url(stage, url), THREADS, PER_SECOND);
    if (!load)
        return err_set(err, ERR_FAILED, "cannot start the calls");
    proc_signal(&stage->users[NEW].proc, SIGTERM);
    result->left_ms = time_until_user(stage_is_out, stage, NEW, PATIENCE_MS);
    load_stop(load, &count);
    result->left_failed = count.failed;
    service_stop(&stage->users[NEW]);
    return result->left_ms >= 0 ? 0 : err_set(err, ERR_TIMEOUT, "the caller goes on calling a deregistered instance");
}

int measure_changes(struct stage *stage, struct result *result, struct err *err)
{
    return measure_new(stage, result, err) == 0 ? measure_leaving(stage, result, err) : -1;
}
