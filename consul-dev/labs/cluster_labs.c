/* Parts III.1, VI.2 and IX.8 of the lesson: Consul's servers and agents, and how many may stop. */
#include <stdio.h>
#include <string.h>

#include "labs.h"

static bool open_cluster(struct stage *stage, int servers, int clients)
{
    struct err err = ERR_INIT;
    return (folder_take(&stage->world.folder, &err) == 0 &&
            cluster_start_sized(&stage->cluster, servers, clients, &stage->world.folder, &err) == 0) ||
           report_error(err.text);
}

static void close_cluster(struct stage *stage)
{
    cluster_stop(&stage->cluster);
    folder_remove(&stage->world.folder);
}

/* A server without a leader answers after 7 s only; a write that has to wait that long does not count. */
static bool accepts_write(void *arg)
{
    return consul_put_within(arg, "/v1/kv/lab", "1", 2000) == 200;
}

/* --- 3, 4 and 5 servers stop one by one ---------------------------------------------------- */

/* Longer than an election, which takes about 4 s. */
enum { NO_WRITE_MS = 5000 };

/* Stops one server after another until no write succeeds. Returns how many may stop. */
static int count_tolerated(struct cluster *cluster)
{
    int half = cluster->server_count / 2, stopped = 0;
    struct server *last = &cluster->servers[cluster->server_count - 1];
    for (; stopped < cluster->server_count - 1; stopped++) {
        server_kill(&cluster->servers[stopped]);
        /* Where a majority is left, a write must succeed in the end, however busy the machine is. */
        bool has_majority = cluster->server_count - stopped - 1 > half;
        if (time_until(accepts_write, last, has_majority ? LIMIT_MS : NO_WRITE_MS) < 0)
            break;
    }
    return stopped;
}

static bool servers_stopped_one_by_one(struct stage *stage)
{
    static const int tolerated[CLUSTER_SERVERS_MAX + 1] = {[3] = 1, [4] = 1, [5] = 2};
    for (int servers = 3; servers <= CLUSTER_SERVERS_MAX; servers++) {
        if (!open_cluster(stage, servers, 0))
            return false;
        int count = count_tolerated(&stage->cluster);
        SEEN(count == tolerated[servers], "%d servers: writes succeed with %d stopped, and fail with %d stopped",
             "%d 个 server：停掉 %d 个仍能写入，停掉 %d 个就写不了", servers, count, count + 1);
        close_cluster(stage);
    }
    return true;
}

/* --- Raft ------------------------------------------------------------------------------------ */

/* In this server's own copy: without ?stale it would forward the read to the leader. */
static bool has_value(void *arg)
{
    json_t *entries = consul_get(arg, "/v1/kv/copied?stale");
    bool has = json_array_size(entries) == 1;
    json_decref(entries);
    return has;
}

/* A follower: any server that does not lead. */
static struct server *follower(struct cluster *cluster)
{
    int leader = cluster_leader(cluster);
    return &cluster->servers[(leader + 1) % cluster->server_count];
}

static bool raft_copies_to_all(struct stage *stage)
{
    if (!open_cluster(stage, 3, 0))
        return false;
    struct cluster *cluster = &stage->cluster;
    int leader = cluster_await_leader(cluster, LIMIT_MS);
    if (!SEEN(leader >= 0, "three servers elected one leader: server %d", "三个 server 选出一个 Leader：server %d",
              leader + 1))
        return false;
    SEEN(consul_put(follower(cluster), "/v1/kv/copied", "1") == 200, "a write at a follower succeeds (it forwards it)",
         "在 Follower 上写入成功（它会转发给 Leader）");
    for (int i = 0; i < cluster->server_count; i++) {
        int64_t took = time_until(has_value, &cluster->servers[i], LIMIT_MS);
        SEEN(took >= 0, "server %d has a copy of it after %s (read with ?stale)",
             "server %d 在 %s 后有了副本（用 ?stale 读取）", i + 1, duration(took));
    }
    server_kill(&cluster->servers[leader]);
    int64_t took = time_until(accepts_write, &cluster->servers[(leader + 1) % 3], LIMIT_MS);
    SEEN(took >= 0, "the leader is killed: writes succeed again after %s", "杀掉 Leader：%s 后又能写入",
         duration(took));
    SEEN(time_until(has_value, &cluster->servers[(leader + 2) % 3], LIMIT_MS) >= 0, "the value is still there",
         "之前写入的值还在");
    return true;
}

/* --- CP ------------------------------------------------------------------------------------- */

static bool loses_leader(void *arg)
{
    struct server *server = arg;
    return !server_answers(server);
}

static int get_status(const struct server *consul, const char *path)
{
    char url[256];
    struct probe_reply reply = {0};
    struct err err = ERR_INIT;
    snprintf(url, sizeof url, "%s%s", consul->url, path);
    int status = probe_send(NULL, &(struct probe_request){.url = url, .timeout_ms = 10000}, &reply, &err) == 0
                     ? reply.status
                     : 0;
    probe_reply_close(&reply);
    return status;
}

/* In what this server knows itself: the others write faster than it learns of it. */
static bool has_own_copy(void *arg)
{
    return get_status(arg, "/v1/kv/lab?stale") == 200;
}

static bool minority_refuses(struct stage *stage)
{
    if (!open_cluster(stage, 3, 0))
        return false;
    struct server *left = &stage->cluster.servers[2];
    SEEN(time_until(accepts_write, left, LIMIT_MS) >= 0 && time_until(has_own_copy, left, LIMIT_MS) >= 0,
         "3 of 3 servers run: writes succeed", "3 个 server 都在：能写入");
    server_kill(&stage->cluster.servers[0]);
    server_kill(&stage->cluster.servers[1]);
    int64_t took = time_until(loses_leader, left, LIMIT_MS);
    SEEN(took >= 0, "1 of 3 runs: it knows no leader after %s", "只剩 1 个：%s 后它没有 Leader", duration(took));
    int status = consul_put(left, "/v1/kv/lab", "2");
    SEEN(status != 200, "a write fails (%d)", "写入失败（%d）", status);
    status = get_status(left, "/v1/kv/lab");
    SEEN(status != 200, "a read fails (%d), although the data is on its disk", "读取失败（%d），虽然数据就在它的磁盘上",
         status);
    status = get_status(left, "/v1/kv/lab?stale");
    SEEN(status == 200, "a read with ?stale succeeds (%d): it may be old", "加 ?stale 的读取成功（%d）：可能是旧数据",
         status);
    return true;
}

/* --- A client agent ---------------------------------------------------------------------------- */

static bool client_agent_forwards(struct stage *stage)
{
    if (!open_cluster(stage, 3, 1))
        return false;
    struct server *agent = &stage->cluster.clients[0], *server = &stage->cluster.servers[0];
    SEEN(consul_put(agent, "/v1/agent/service/register",
                    "{\"Name\":\"callee\",\"ID\":\"callee-1\",\"Port\":1,\"Check\":{\"TTL\":\"600s\",\"Status\":"
                    "\"passing\"}}") == 200,
         "an instance registers at the client agent", "实例在 Client 上注册");
    int64_t took = time_to_passing(server, "callee", 1);
    SEEN(took >= 0, "a server lists it after %s: the agent forwarded it", "%s 后 server 列出该实例：Client 已转发",
         duration(took));
    server_kill(agent);
    took = time_to_passing(server, "callee", 0);
    SEEN(took >= 0, "the agent is killed: after %s no caller finds the instance",
         "杀掉 Client：%s 后调用方查不到该实例", duration(took));
    SEEN(consul_count(server, "callee", false) == 1, "its entry is still in the list", "它的条目仍在列表中");
    return true;
}

const struct lab cluster_labs[] = {
    {{"III.1, VI.2", "三、1；六、2"},
     {"3, 4 and 5 servers stop one by one", "3、4、5 个 server 逐个停掉"},
     {"“3 or 5 servers (an odd number)”, “the cluster works as long as more than half of its nodes run”",
      "“建议 3 或 5 个（奇数）”，“只要超过半数节点存活，集群可用”"},
     HOLDS,
     {"3 servers tolerate 1 stopped, 5 tolerate 2; 4 tolerate no more than 3 do, and need one machine more",
      "3 个可以停 1 个，5 个可以停 2 个；4 个并不比 3 个多容忍一个，却要多一台机器"},
     servers_stopped_one_by_one},
    {{"III.1", "三、1"},
     {"Raft: one leader, and the data on each server", "Raft：一个 Leader，数据同步到每个 server"},
     {"“the servers elect a leader by Raft”, Raft: “keeps the data the same on all servers”",
      "“通过 Raft 选举 Leader”，Raft：“保证数据在多个 Server 间同步”"},
     HOLDS,
     {"what is written at any server can be read at every other one, also after the leader is lost",
      "在任意 server 上写入，其他 server 都能读到；Leader 宕机之后也一样"},
     raft_copies_to_all},
    {{"II.1", "二、1"},
     {"CP: a server without a majority", "CP：失去多数派的 server"},
     {"Consul: “CP (strong consistency, based on Raft)”", "Consul：“CP 架构（强一致性，基于 Raft 协议）”"},
     HOLDS_IF,
     {"a read does not use ?stale: without a majority it refuses reads and writes, so a caller needs its own cached "
      "list",
      "查询不带 ?stale：失去多数派时拒绝读和写，所以调用方要有自己的本地缓存"},
     minority_refuses},
    {{"III.1", "三、1"},
     {"A client agent beside a service", "服务旁边的 Client（Agent）"},
     {"Client (an agent): “runs on each node, forwards requests, checks health and registers services”",
      "Client（Agent）：“运行在每个节点上，负责转发请求、健康检查、服务注册”"},
     HOLDS_IF,
     {"the agent runs: when it stops, Consul considers all services on its node critical",
      "Client 自己在运行：它停了，Consul 就认为该节点上的服务都异常（critical）"},
     client_agent_forwards},
    {.run = NULL},
};
