/* Parts II and IV.1 of the lesson: what Consul and etcd offer besides a list of instances. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "labs.h"

/* --- A second datacenter --------------------------------------------------------------------------- */

static int count_in(const struct server *consul, const char *query)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/health/service/callee%s", query);
    json_t *list = consul_get(consul, path);
    int count = list ? (int)json_array_size(list) : -1;
    json_decref(list);
    return count;
}

static bool finds_one_in_dc2(void *arg)
{
    return count_in(arg, "?dc=dc2") == 1;
}

static bool start_datacenter(struct stage *stage, int wan_1, int wan_2)
{
    static char wan[2][40];
    struct err err = ERR_INIT;
    snprintf(wan[0], sizeof wan[0], "-serf-wan-port=%d", wan_1);
    snprintf(wan[1], sizeof wan[1], "-serf-wan-port=%d", wan_2);
    if (!stage_open_consul(stage, (const char *const[]){"-dev", wan[0], NULL}))
        return false;
    if (server_init(&stage->other, SERVER_CONSUL, &stage->world.folder, &err) != 0)
        return report_error(err.text);
    stage->other.options[0] = "-dev";
    stage->other.options[1] = "-datacenter=dc2";
    stage->other.options[2] = wan[1];
    return server_start(&stage->other, &err) == 0 || report_error(err.text);
}

static bool second_datacenter(struct stage *stage)
{
    struct server *one = &stage->world.consul, *two = &stage->other;
    struct port wan[2] = {{0}};
    struct err err = ERR_INIT;
    char join[64];
    if (port_take(&wan[0], &err) != 0 || port_take(&wan[1], &err) != 0)
        return report_error(err.text);
    if (!start_datacenter(stage, wan[0].number, wan[1].number))
        return false;
    consul_put(two, "/v1/agent/service/register", "{\"Name\":\"callee\",\"ID\":\"callee-1\",\"Port\":1}");
    SEEN(count_in(one, "?dc=dc2") == -1, "before: dc1 does not know dc2", "加入前：dc1 不知道 dc2");
    snprintf(join, sizeof join, "/v1/agent/join/127.0.0.1:%d?wan=1", wan[1].number);
    SEEN(consul_put(one, join, "") == 200, "dc1 joins dc2 over WAN", "dc1 通过 WAN 加入 dc2");
    int64_t took = time_until(finds_one_in_dc2, one, LIMIT_MS);
    SEEN(took >= 0, "a query to dc1 with ?dc=dc2 returns the instance of dc2, after %s",
         "向 dc1 查询 ?dc=dc2，%s 后返回 dc2 的实例", duration(took));
    int count = count_in(one, "");
    SEEN(count == 0, "without ?dc= it returns %d: the data is not copied between datacenters",
         "不带 ?dc= 返回 %d 个：数据不会在数据中心之间同步", count);
    server_kill(two);
    count = count_in(one, "?dc=dc2");
    SEEN(count == -1 && server_answers(one), "dc2 is lost: ?dc=dc2 fails, dc1 works on",
         "dc2 宕机：?dc=dc2 失败，dc1 继续工作");
    return true;
}

/* --- Dev mode --------------------------------------------------------------------------------------- */

static bool dev_mode_forgets(struct stage *stage)
{
    struct server *consul = &stage->world.consul;
    struct err err = ERR_INIT;
    if (!stage_open_callee(stage) || !register_callee(stage, "callee", "callee-1", ""))
        return false;
    consul_put(consul, "/v1/kv/lab", "1");
    SEEN(time_to_passing(consul, "callee", 1) >= 0, "an instance is registered", "有一个实例已注册");
    server_kill(consul);
    if (server_start(consul, &err) != 0)
        return report_error(err.text);
    int count = consul_count(consul, "callee", false);
    SEEN(count == 0, "Consul restarts: it lists %d instances", "Consul 重启：列表中有 %d 个实例", count);
    json_t *value = consul_get(consul, "/v1/kv/lab");
    SEEN(!value, "the key that was written is gone", "之前写入的键也没有了");
    json_decref(value);
    return true;
}

/* --- etcd ----------------------------------------------------------------------------------------------- */

static json_t *etcd_post(const struct server *etcd, const char *path, const char *body)
{
    char url[192];
    struct probe_reply reply = {0};
    struct err err = ERR_INIT;
    json_t *json = NULL;
    snprintf(url, sizeof url, "%s/v3/%s", etcd->url, path);
    const struct probe_request request = {.url = url, .body = body, .timeout_ms = LIMIT_MS};
    if (probe_send(NULL, &request, &reply, &err) == 0 && reply.status == 200)
        json = json_loadb(buf_text(&reply.body), reply.body.len, 0, NULL);
    probe_reply_close(&reply);
    return json;
}

/* Keys are in base64: these are callee-1 and callee-2. */
#define KEY_1 "Y2FsbGVlLTE="
#define KEY_2 "Y2FsbGVlLTI="

static bool etcd_has(const struct server *etcd, const char *key)
{
    char body[64];
    snprintf(body, sizeof body, "{\"key\":\"%s\"}", key);
    json_t *found = etcd_post(etcd, "kv/range", body);
    bool has = json_array_size(json_object_get(found, "kvs")) == 1;
    json_decref(found);
    return has;
}

static bool second_key_is_gone(void *arg)
{
    return !etcd_has(arg, KEY_2);
}

enum { LEASE_S = 5, HEARTBEATS = LEASE_S + 2 };

/* Two keys, for an instance: the second one is on a lease. */
static bool etcd_register(const struct server *etcd, char id[32])
{
    char body[128];
    json_t *lease = etcd_post(etcd, "lease/grant", "{\"TTL\":5}");
    const char *number = json_string_value(json_object_get(lease, "ID"));
    snprintf(id, 32, "%s", number ? number : "0");
    json_decref(lease);
    json_decref(etcd_post(etcd, "kv/put", "{\"key\":\"" KEY_1 "\",\"value\":\"MQ==\"}"));
    snprintf(body, sizeof body, "{\"key\":\"" KEY_2 "\",\"value\":\"MQ==\",\"lease\":%s}", id);
    json_decref(etcd_post(etcd, "kv/put", body));
    return etcd_has(etcd, KEY_1) && etcd_has(etcd, KEY_2);
}

/* A heartbeat a second, for longer than the lease. */
static bool etcd_stays(const struct server *etcd, const char *lease)
{
    char body[64];
    snprintf(body, sizeof body, "{\"ID\":%s}", lease);
    for (int i = 0; i < HEARTBEATS && etcd_has(etcd, KEY_2); i++) {
        json_decref(etcd_post(etcd, "lease/keepalive", body));
        sleep(1);
    }
    return etcd_has(etcd, KEY_2);
}

static bool etcd_checks_nothing(struct stage *stage)
{
    struct server *etcd = &stage->other;
    struct err err = ERR_INIT;
    char lease[32];
    if (!stage_open_callee(stage))
        return false;
    if (server_init(etcd, SERVER_ETCD, &stage->world.folder, &err) != 0 || server_start(etcd, &err) != 0)
        return report_error(err.text);
    SEEN(etcd_register(etcd, lease), "an instance writes two keys, one of them on a lease of %d s",
         "实例写入两个键，其中一个绑定 %d s 的租约", LEASE_S);
    SEEN(etcd_stays(etcd, lease), "a heartbeat each second renews the lease: after %d s the key is still there",
         "每秒一次心跳续租：%d s 后键还在", HEARTBEATS);
    proc_kill_all(&stage->callee, LIMIT_MS);
    int64_t took = time_until(second_key_is_gone, etcd, LIMIT_MS);
    SEEN(took >= 0, "the instance is killed, no heartbeat comes: the key on the lease disappears after %s",
         "杀掉实例，不再有心跳：绑定租约的键 %s 后消失", duration(took));
    SEEN(etcd_has(etcd, KEY_1), "the key without a lease stays: etcd checks no instance",
         "没有租约的键一直存在：etcd 不检查实例");
    return true;
}

/* --- The web UI ------------------------------------------------------------------------------------- */

struct ui_list {
    const struct server *consul;
    const char *path;
    int count;
};

/* An agent that has just started registers itself a moment later. */
static bool has_entries(void *arg)
{
    struct ui_list *list = arg;
    json_t *json = consul_get(list->consul, list->path);
    list->count = (int)json_array_size(json);
    json_decref(json);
    return list->count > 0;
}

static bool web_ui(struct stage *stage)
{
    static const char *const lists[] = {"/v1/internal/ui/services", "/v1/internal/ui/nodes", "/v1/kv/?keys"};
    char url[256], type[64];
    struct probe_reply reply = {0};
    if (!stage_open_consul(stage, NULL))
        return false;
    snprintf(url, sizeof url, "%s/ui/", stage->world.consul.url);
    int status = probe_get(NULL, url, &reply);
    probe_header(&reply, "Content-Type", type, sizeof type);
    SEEN(status == 200 && strstr(type, "text/html"), "GET /ui/: %d, %s", "GET /ui/：%d，%s", status, type);
    probe_reply_close(&reply);
    consul_put(&stage->world.consul, "/v1/kv/lab", "1");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct ui_list list = {&stage->world.consul, lists[i], 0};
        bool has = time_until(has_entries, &list, LIMIT_MS) >= 0;
        SEEN(has, "what the page shows, %s: number of entries: %d", "页面显示的数据：%s：%d 项", lists[i], list.count);
    }
    return true;
}

const struct lab feature_labs[] = {
    {{"II.1", "二、1"},
     {"A second datacenter over WAN, and ?dc=", "通过 WAN 加入第二个数据中心，用 ?dc= 查询"},
     {"Consul: “supports several datacenters”", "Consul：“支持多数据中心”"},
     HOLDS,
     {"one query parameter reaches the other datacenter; each keeps its own list, so one can fail without the other",
      "一个查询参数就能查另一个数据中心；各自保存自己的列表，一个故障不影响另一个"},
     second_datacenter},
    {{"IV.1", "四、1"},
     {"Dev mode: Consul restarts", "开发模式：Consul 重启"},
     {"“dev mode (one node, not for production)”", "“开发模式（单节点，不适合生产）”"},
     HOLDS,
     {"it keeps all data in memory and forgets all instances; they have to register again",
      "数据都在内存中，重启后忘掉所有实例，实例要重新注册"},
     dev_mode_forgets},
    {{"II.2", "二、2"},
     {"etcd: keys only", "etcd：纯 KV 存储"},
     {"etcd: “only a KV store; you must write the discovery logic yourself”",
      "etcd：“纯 KV 存储，需自己实现服务发现逻辑”"},
     HOLDS,
     {"without a lease that heartbeats keep alive, the key of an instance that has ended stays forever",
      "没有靠心跳续期的租约，实例结束后它的键会一直留着"},
     etcd_checks_nothing},
    {{"II.1, IV.1", "二、1；四、1"},
     {"The web UI", "Web UI"},
     {"Consul: “has a web UI”, “you can see the list of services, the KV store and the state of the nodes”",
      "Consul：“有 Web UI”，“可以看到服务列表、KV 存储、节点状态”"},
     HOLDS,
     {"it is part of the agent (-ui), at the port of the HTTP API", "它由 Agent 提供（-ui），与 HTTP API 同一个端口"},
     web_ui},
    {.run = NULL},
};
