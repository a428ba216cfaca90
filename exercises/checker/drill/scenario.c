#include "scenario.h"

#include <stdio.h>
#include <string.h>

enum {
    OUTAGE_MS = 3 * TTL_MS + 3000, /* long enough to show the fresh cache and the stale one */
    EMPTY_MS = TTL_MS + 3000,      /* longer than a TTL, so that every caller gets the empty list */
    LEADER_LIMIT_MS = 60000,
};

static int stop(struct stage *stage, struct err *err)
{
    (void)err;
    server_stop(stage->consul);
    return 0;
}

static int start(struct stage *stage, struct err *err)
{
    return server_start(stage->consul, err);
}

static int hang(struct stage *stage, struct err *err)
{
    (void)err;
    server_pause(stage->consul);
    return 0;
}

static int go_on(struct stage *stage, struct err *err)
{
    (void)err;
    server_resume(stage->consul);
    return 0;
}

static int restart(struct stage *stage, struct err *err)
{
    server_stop(stage->consul);
    return server_start(stage->consul, err);
}

/* The instances keep running; each notices at its next check of the registration and registers again. */
static int deregister_all(struct stage *stage, struct err *err)
{
    for (int i = 0; i < USERS; i++) {
        char url[300];
        struct probe_reply reply = {0};
        snprintf(url, sizeof url, "%s/v1/agent/service/deregister/user-service-%d", stage_agent(stage, i)->url, i + 1);
        int status = probe_send(NULL, &(struct probe_request){.method = "PUT", .url = url, .body = ""}, &reply, err);
        probe_reply_close(&reply);
        if (status != 0)
            return -1;
    }
    return 0;
}

static int kill_leader(struct stage *stage, struct err *err)
{
    int leader = cluster_await_leader(&stage->cluster, LEADER_LIMIT_MS);
    if (leader < 0)
        return err_set(err, ERR_TIMEOUT, "the cluster has no leader");
    server_kill(&stage->cluster.servers[leader]);
    return 0;
}

/* The followers still name the dead leader until its heartbeats are missing. */
static bool another_leads(void *arg)
{
    struct cluster *cluster = arg;
    int leader = cluster_leader(cluster);
    return leader >= 0 && proc_is_running(&cluster->servers[leader].proc);
}

static int wait_for_election(struct stage *stage, struct err *err)
{
    return wait_until(another_leads, &stage->cluster, LEADER_LIMIT_MS)
               ? 0
               : err_set(err, ERR_TIMEOUT, "the two remaining servers elect no leader");
}

static const struct scenario scenarios[] = {
    {.name = "stop",
     .what = {"Consul is stopped", "Consul 停止"},
     .silent = true,
     .harm = stop,
     .lasts_ms = OUTAGE_MS,
     .healed = {"Consul runs again, without any registration", "Consul 重新启动，注册信息全部丢失"},
     .heal = start},
    {.name = "hang",
     .what = {"Consul hangs: it accepts connections but does not answer", "Consul 卡住：接受连接，但不响应"},
     .silent = true,
     .harm = hang,
     .lasts_ms = OUTAGE_MS,
     .healed = {"Consul works again, with all registrations", "Consul 恢复，注册信息都在"},
     .heal = go_on},
    {.name = "empty",
     .what = {"Consul's list is suddenly empty, though all instances run", "Consul 的列表突然变空，但实例都在运行"},
     .harm = deregister_all,
     .lasts_ms = EMPTY_MS,
     .again = true,
     .healed = {"instances may register again", "实例可以重新注册了"},
     .heal = NULL},
    {.name = "cluster-leader",
     .what = {"the leader of Consul's three servers is killed (-9)", "Consul 三台服务器中的 leader 被 kill -9"},
     .clustered = true,
     .silent = true,
     .harm = kill_leader,
     .healed = {"the other two have elected a leader", "另外两台选出了新的 leader"},
     .heal = wait_for_election},
    {.name = "restart-empty",
     .what = {"Consul is restarted and has lost all registrations", "Consul 重启，注册信息全部丢失"},
     .harm = restart},
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
