/* What registering and reading do while the majority of the servers (Consul, etcd) or one peer (Nacos, Eureka) is gone,
 * and what the calls do meanwhile. */
#include <stdio.h>
#include <string.h>

#include "../pitfalls/report.h"
#include "measures.h"

/* EFFECT: longer than the servers need to notice that they have lost their leader. */
enum { EFFECT_MS = 10000, THREADS = 2, PER_SECOND = 10, NEW = STAGE_USERS - 1 };

static void ask_directly(struct stage *stage, struct result *result)
{
    for (int request = 0; request < DIRECT_REQUESTS; request++)
        result->answers[request] = group_ask(&stage->group, (enum direct_request)request);
}

int measure_outage(struct stage *stage, struct result *result, struct err *err)
{
    char url[SERVICE_URL_MAX];
    struct view view;
    report_progress(
        SAY("%d of %d servers are killed, while calls go on", "调用继续，同时杀掉 %2$d 个服务器中的 %1$d 个"),
        stage->group.kind->lost, stage->group.kind->servers);
    struct load *load = load_start(stage_users_url(stage, url), THREADS, PER_SECOND);
    if (!load)
        return err_set(err, ERR_FAILED, "cannot start the calls");
    group_lose(&stage->group);
    sleep_ms(EFFECT_MS);
    ask_directly(stage, result);
    report_progress("%s", SAY("a new instance starts", "启动一个新实例"));
    int status = stage_start_user(stage, NEW, err);
    if (status == 0)
        result->outage_known_ms = time_until_user(stage_is_known, stage, NEW, stage->group.kind->limit_s * 1000);
    view_take(&stage->orders, "user-service", &view);
    memcpy(result->outage_source, view.source, sizeof view.source);
    load_stop(load, &result->outage_calls);
    return status;
}
