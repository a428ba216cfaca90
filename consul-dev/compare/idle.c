/* The traffic between the registry and the services in a minute in which nothing changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../pitfalls/report.h"
#include "measures.h"

enum { MINUTE_MS = 60000 };

/* How many requests for /health a service has answered: the registry's checks, because no other program asks. */
static int64_t count_checks(const struct service *service)
{
    static const char metric[] = "http_server_request_duration_seconds_count{", route[] = "http_route=\"/health\"";
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    int64_t count = 0;
    if (!service->proc.pid || probe_get(NULL, service_url(service, "/metrics", url), &reply) != 200) {
        probe_reply_close(&reply);
        return 0;
    }
    char *text = strdup(buf_text(&reply.body)), *rest = text, *line;
    while ((line = strsep(&rest, "\n")) != NULL)
        if (strncmp(line, metric, sizeof metric - 1) == 0 && strstr(line, route))
            count += strtoll(strrchr(line, ' '), NULL, 10);
    free(text);
    probe_reply_close(&reply);
    return count;
}

static int64_t count_all_checks(const struct stage *stage)
{
    int64_t count = count_checks(&stage->orders);
    for (int i = 0; i < STAGE_USERS; i++)
        count += count_checks(&stage->users[i]);
    return count;
}

int measure_idle(struct stage *stage, struct result *result, struct err *err)
{
    (void)err;
    report_progress("%s", SAY("one minute in which nothing changes", "空闲一分钟，期间没有任何变化"));
    int64_t checks = count_all_checks(stage);
    struct traffic begin = group_traffic(&stage->group);
    sleep_ms(MINUTE_MS);
    struct traffic end = group_traffic(&stage->group);
    result->idle = (struct traffic){end.requests - begin.requests, end.bytes - begin.bytes};
    result->idle_checks = count_all_checks(stage) - checks;
    return 0;
}
