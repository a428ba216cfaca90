/* How soon a killed instance is out: by the caller's own ejection, which needs failed calls, and by the registry. */
#include <stdio.h>

#include "../pitfalls/report.h"
#include "base/clock.h"
#include "measures.h"

/* EXPIRY: Eureka's lease, the round of its eviction and its response cache: 15 + 60 + 30 s, then a poll. It may keep
 * the instance for ever (self-preservation). */
enum { EJECTION_LIMIT_MS = 30000, EXPIRY_LIMIT_MS = 150000, KILL_LIMIT_MS = 5000 };
enum { THREADS = 2, PER_SECOND = 10, VICTIM = STAGE_FIRST - 1 };

int measure_crash(struct stage *stage, struct result *result, struct err *err)
{
    char url[SERVICE_URL_MAX];
    struct load_count count;
    report_progress("%s", SAY("an instance is killed, while it gets calls", "杀掉一个正在处理请求的实例"));
    struct load *load = load_start(stage_users_url(stage, url), THREADS, PER_SECOND);
    if (!load)
        return err_set(err, ERR_FAILED, "cannot start the calls");
    int64_t killed = clock_ms();
    proc_kill_all(&stage->users[VICTIM].proc, KILL_LIMIT_MS);
    result->ejected_ms = time_until_user(stage_is_ejected, stage, VICTIM, EJECTION_LIMIT_MS);
    load_stop(load, &count); /* the rest is up to the registry alone */
    result->killed_failed = count.failed;
    if (result->ejected_ms < 0)
        return err_set(err, ERR_TIMEOUT, "the caller does not eject a killed instance");
    report_progress(SAY("the caller has ejected it after %.1f s; now the registry has to notice",
                        "调用方 %.1f 秒后摘除了它；再看注册中心何时发现"),
                    (double)result->ejected_ms / 1000);
    bool expired = time_until_user(stage_is_out, stage, VICTIM, EXPIRY_LIMIT_MS) >= 0;
    result->expired_ms = expired ? clock_ms() - killed : TIME_UNKNOWN;
    return 0;
}
