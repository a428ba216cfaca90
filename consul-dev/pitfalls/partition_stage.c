#include "partition_stage.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

enum { READY_MS = 60000, LOOK_MS = 2000, HCL_MAX = 1024 };

/* --- Start -------------------------------------------------------------------------------------- */

static int launch_server(struct stage *stage, int i, char hcl[HCL_MAX], struct err *err)
{
    struct server *consul = &stage->consul[i];
    char join[160] = "";
    for (int other = 0; other < MACHINES; other++)
        snprintf(join + strlen(join), sizeof join - strlen(join), "%s\"%s:%d\"", other ? "," : "",
                 network_address(other), stage->consul[other].inner[1].number);
    /* rpc_hold_timeout: without a leader a request fails after 250 ms, not after 7 s. */
    snprintf(hcl, HCL_MAX,
             "server = true bootstrap_expect = %d node_name = \"server-%d\" bind_addr = \"%s\" "
             "data_dir = \"%.400s/data\" retry_join = [%s] retry_interval = \"1s\" "
             "autopilot { min_quorum = %d } performance { rpc_hold_timeout = \"250ms\" }",
             MACHINES, i + 1, network_address(i), consul->folder, join, MACHINES);
    consul->options[0] = "-hcl";
    consul->options[1] = hcl;
    network_enter(&stage->network, i);
    int status = server_launch(consul, err);
    network_leave(&stage->network);
    return status;
}

static int start_servers(struct stage *stage, struct err *err)
{
    static char hcl[MACHINES][HCL_MAX];
    for (int i = 0; i < MACHINES; i++)
        if (server_init(&stage->consul[i], SERVER_CONSUL, &stage->world.folder, err) != 0)
            return -1;
    for (int i = 0; i < MACHINES; i++)
        if (launch_server(stage, i, hcl[i], err) != 0)
            return -1;
    for (int i = 0; i < MACHINES; i++) {
        network_enter(&stage->network, i);
        int status = server_wait_ready(&stage->consul[i], err);
        network_leave(&stage->network);
        if (status != 0)
            return -1;
    }
    return 0;
}

json_t *stage_ask(const struct stage *stage, int machine, const char *method, const char *path, const char *body)
{
    char url[256];
    struct probe_reply reply = {0};
    struct err ignored = ERR_INIT;
    json_t *json = NULL;
    snprintf(url, sizeof url, "%s%s", stage->consul[machine].url, path);
    network_enter(&stage->network, machine);
    const struct probe_request request = {.method = method, .url = url, .body = body, .timeout_ms = LOOK_MS};
    if (probe_send(NULL, &request, &reply, &ignored) == 0 && reply.status == 200)
        json = json_loadb(buf_text(&reply.body), reply.body.len, JSON_DECODE_ANY, NULL);
    network_leave(&stage->network);
    probe_reply_close(&reply);
    return json;
}

int stage_leader(const struct stage *stage, int machine)
{
    json_t *json = stage_ask(stage, machine, NULL, "/v1/status/leader", NULL);
    const char *address = json_string_value(json);
    int leader = -1;
    for (int i = 0; address && i < MACHINES; i++)
        if (strncmp(address, network_address(i), strlen(network_address(i))) == 0)
            leader = i;
    json_decref(json);
    return leader;
}

int stage_other(const struct stage *stage, int number)
{
    return (stage->cut + number) % MACHINES;
}

/* An instance without a check, in the list for as long as its agent says so. */
static void register_instance(const struct stage *stage, int machine, int number)
{
    char body[160];
    snprintf(body, sizeof body,
             "{\"Name\":\"user-service\",\"ID\":\"user-service-%d\",\"Address\":\"127.0.0.1\",\"Port\":800%d}", number,
             number);
    json_decref(stage_ask(stage, machine, "PUT", "/v1/agent/service/register", body));
}

int stage_instances_at_cut(const struct stage *stage, const char *query)
{
    json_t *list = stage_ask(stage, stage->cut, NULL, query, NULL);
    int count = list ? (int)json_array_size(list) : -1;
    json_decref(list);
    return count;
}

void stage_rejoin(const struct stage *stage)
{
    char path[64];
    int machine = stage_other(stage, 1);
    snprintf(path, sizeof path, "/v1/agent/join/%s:%d", network_address(machine), stage->consul[machine].inner[1].number);
    json_decref(stage_ask(stage, stage->cut, "PUT", path, ""));
}

/* Without a leader an agent keeps a registration to itself; it tells the leader when it is registered again. */
static bool both_are_listed(void *arg)
{
    struct stage *stage = arg;
    register_instance(stage, stage->cut, 1);
    register_instance(stage, stage_other(stage, 1), 2);
    return stage_instances_at_cut(stage, "/v1/health/service/user-service?passing") == 2;
}

void stage_look_at_project(const struct stage *stage, struct view *view)
{
    network_enter(&stage->network, stage->cut);
    view_take_within(&stage->orders, "user-service", LOOK_MS, view);
    network_leave(&stage->network);
}

static bool project_knows_both(void *arg)
{
    struct view view;
    stage_look_at_project(arg, &view);
    return view.usable == 2;
}

/* Beside the leader, which will be cut: order-service. It makes no calls, so it needs no database. */
static int start_callers(struct stage *stage, struct err *err)
{
    char consul[160];
    if (!wait_until(both_are_listed, stage, READY_MS))
        return err_set(err, ERR_TIMEOUT, "the Consul servers do not list two instances");
    snprintf(consul, sizeof consul, "CONSUL_HTTP_ADDR=%s", stage->consul[stage->cut].url);
    const char *const env[] = {consul, "DISCOVERY_CACHE_TTL=3s", "SERVICE_ADDRESS=127.0.0.1",
                               "DATABASE_URL=postgresql://lesson:lesson@127.0.0.1:1/lesson", NULL};
    network_enter(&stage->network, stage->cut);
    int status = service_start(&stage->orders, &stage->world, "order-service", env, err);
    network_leave(&stage->network);
    if (status != 0)
        return -1;
    return wait_until(project_knows_both, stage, READY_MS)
               ? 0
               : err_set(err, ERR_TIMEOUT, "order-service does not discover both instances");
}

static int start_witnesses(struct stage *stage, struct err *err)
{
    for (int i = 0; i < MACHINES; i++) {
        struct witness *witness = &stage->witness[i];
        witness->network = &stage->network;
        witness->clock = &stage->clock;
        witness->machine = i;
        witness->url = stage->consul[i].url;
        witness->has_pen = i == stage_other(stage, 1);
        if (witness_start(witness, err) != 0)
            return -1;
    }
    return 0;
}

static bool has_leader(void *arg)
{
    struct stage *stage = arg;
    stage->cut = stage_leader(stage, 0);
    return stage->cut >= 0;
}

int stage_start(struct stage *stage, struct err *err)
{
    report_progress("%s", SAY("starting three Consul servers on three machines of a private network",
                              "正在启动三个 Consul 服务器，各在一台机器（网络命名空间）上"));
    if (start_servers(stage, err) != 0)
        return -1;
    if (!wait_until(has_leader, stage, READY_MS))
        return err_set(err, ERR_FAILED, "the Consul servers have no leader");
    report_progress(SAY("server %d is the leader", "服务器 %d 是 Leader"), stage->cut + 1);
    return start_callers(stage, err) != 0 ? -1 : start_witnesses(stage, err);
}

void stage_stop_witnesses(struct stage *stage)
{
    for (int i = 0; i < MACHINES; i++)
        witness_stop(&stage->witness[i]);
}

void stage_stop(struct stage *stage)
{
    stage_stop_witnesses(stage);
    proc_stop(&stage->orders.proc, SIGKILL, 0);
    for (int i = 0; i < MACHINES; i++) {
        server_kill(&stage->consul[i]);
        server_close(&stage->consul[i]);
    }
    network_close(&stage->network);
    folder_remove(&stage->world.folder);
}
