#include "scenario.h"

#include <stdio.h>
#include <string.h>

enum { OUTAGE_MS = 3 * TTL_MS + 3000 }; /* so that the fresh cache and the stale one are both seen */

static int stop(struct stage *stage, struct err *err)
{
    (void)err;
    server_stop(&stage->world.consul);
    return 0;
}

static int start(struct stage *stage, struct err *err)
{
    return server_start(&stage->world.consul, err);
}

static int hang(struct stage *stage, struct err *err)
{
    (void)err;
    server_pause(&stage->world.consul);
    return 0;
}

static int go_on(struct stage *stage, struct err *err)
{
    (void)err;
    server_resume(&stage->world.consul);
    return 0;
}

static int restart(struct stage *stage, struct err *err)
{
    server_stop(&stage->world.consul);
    return server_start(&stage->world.consul, err);
}

/* Takes all of them off the list, behind their backs: they run on, and register again at their next look. */
static int empty(struct stage *stage, struct err *err)
{
    for (int i = 0; i < USERS; i++) {
        char url[300];
        struct probe_reply reply = {0};
        snprintf(url, sizeof url, "%s/v1/agent/service/deregister/user-service-%d", stage->world.consul.url, i + 1);
        int status = probe_send(NULL, &(struct probe_request){.method = "PUT", .url = url, .body = ""}, &reply, err);
        probe_reply_close(&reply);
        if (status != 0)
            return -1;
    }
    return 0;
}

static const struct scenario scenarios[] = {
    {"stop", {"Consul is stopped", "Consul 停止"}, stop, OUTAGE_MS, start},
    {"hang", {"Consul hangs: it accepts connections, and answers nothing", "Consul 卡住：接受连接，但不回答"}, hang, OUTAGE_MS,
     go_on},
    {"empty", {"Consul's list is suddenly empty, though all instances run", "Consul 的列表突然变空，可实例都在运行"}, empty, 0,
     NULL},
    {"restart-empty", {"Consul is restarted, and has forgotten everybody", "Consul 重启，忘了所有实例"}, restart, 0, NULL},
};

const struct scenario *scenario_find(const char *name)
{
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        if (strcmp(scenarios[i].name, name) == 0)
            return &scenarios[i];
    return NULL;
}

const char *scenario_names(void)
{
    static char names[200];
    size_t length = 0;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i ? ", " : "", scenarios[i].name);
    return names;
}
