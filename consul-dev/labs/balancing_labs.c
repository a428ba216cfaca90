/* Part V of the lesson: how calls are shared out, and what a balancer of its own costs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/load.h"
#include "labs.h"

/* Starts three user-services, and an order-service with a policy: "LB_POLICY=random"; NULL: the default. */
static bool start_with(struct stage *stage, const char *policy)
{
    for (int i = 0; i < 3; i++)
        if (!stage_start_user(stage, i, NULL))
            return false;
    if (time_to_passing(&stage->world.consul, "user-service", 3) < 0)
        return report_error("the user-services are not passing");
    return stage_start_orders(stage, (const char *const[]){policy, NULL});
}

/* Counts the calls that each user-service gets. */
static void count_picks(const struct stage *stage, int calls, int picks[STAGE_USERS])
{
    struct probe *probe = probe_new();
    memset(picks, 0, STAGE_USERS * sizeof *picks);
    for (int i = 1; i <= calls; i++) {
        struct called called;
        int number = 0;
        view_call(probe, &stage->orders, i, &called);
        if (sscanf(called.upstream, "user-service-%d", &number) == 1 && number >= 1 && number <= STAGE_USERS)
            picks[number - 1]++;
    }
    probe_free(probe);
}

/* --- Policies ------------------------------------------------------------------------------------- */

static bool round_robin_and_random(struct stage *stage)
{
    int picks[STAGE_USERS];
    if (!stage_open_world(stage) || !start_with(stage, "LB_POLICY=round_robin"))
        return false;
    count_picks(stage, 30, picks);
    SEEN(picks[0] == 10 && picks[1] == 10 && picks[2] == 10, "round robin, 30 calls: %d, %d, %d",
         "轮询，30 次调用：%d、%d、%d", picks[0], picks[1], picks[2]);
    service_stop(&stage->orders);
    if (!stage_start_orders(stage, (const char *const[]){"LB_POLICY=random", NULL}))
        return false;
    count_picks(stage, 300, picks);
    /* 100 each on average, with a standard deviation of 8. */
    SEEN(picks[0] > 50 && picks[1] > 50 && picks[2] > 50 && picks[0] + picks[1] + picks[2] == 300,
         "random, 300 calls: %d, %d, %d", "随机，300 次调用：%d、%d、%d", picks[0], picks[1], picks[2]);
    return true;
}

static bool weighted(struct stage *stage)
{
    int picks[STAGE_USERS], total[STAGE_USERS] = {0}, exact = 0;
    static const char *const weights[2] = {"SERVICE_WEIGHT=3", "SERVICE_WEIGHT=1"};
    if (!stage_open_world(stage))
        return false;
    for (int i = 0; i < 2; i++)
        if (!stage_start_user(stage, i, (const char *const[]){weights[i], NULL}))
            return false;
    if (time_to_passing(&stage->world.consul, "user-service", 2) < 0)
        return report_error("the user-services are not passing");
    if (!stage_start_orders(stage, (const char *const[]){"LB_POLICY=weighted", NULL}))
        return false;
    for (int round = 0; round < 10; round++) {
        count_picks(stage, 4, picks);
        exact += picks[0] == 3 && picks[1] == 1;
        total[0] += picks[0], total[1] += picks[1];
    }
    SEEN(total[0] == 30 && total[1] == 10, "weights 3 and 1, 40 calls: %d and %d", "权重 3 和 1，40 次调用：%d 和 %d",
         total[0], total[1]);
    SEEN(exact == 10, "%d of 10 groups of 4 calls: 3 to one, 1 to the other",
         "每 4 次一组，10 组中 %d 组：一个 3 次，另一个 1 次", exact);
    return true;
}

enum { KEYS = 60 };

static void upstreams(const struct stage *stage, char out[KEYS][64])
{
    struct probe *probe = probe_new();
    for (int i = 0; i < KEYS; i++) {
        struct called called;
        view_call(probe, &stage->orders, i + 1, &called);
        snprintf(out[i], sizeof out[i], "%s", called.upstream);
    }
    probe_free(probe);
}

static bool knows_four(void *arg)
{
    const struct stage *stage = arg;
    struct view view;
    view_take(&stage->orders, "user-service", &view);
    return view.usable == 4;
}

static bool consistent_hash(struct stage *stage)
{
    static char before[KEYS][64], again[KEYS][64], after[KEYS][64];
    int same = 0, moved = 0, moved_elsewhere = 0;
    if (!stage_open_world(stage) || !start_with(stage, "LB_POLICY=consistent_hash"))
        return false;
    upstreams(stage, before);
    upstreams(stage, again);
    if (!stage_start_user(stage, 3, NULL))
        return false;
    if (time_until(knows_four, stage, LIMIT_MS) < 0)
        return report_error("order-service does not find the fourth user-service");
    upstreams(stage, after);
    for (int i = 0; i < KEYS; i++) {
        same += *before[i] && strcmp(before[i], again[i]) == 0;
        moved += strcmp(before[i], after[i]) != 0;
        moved_elsewhere += strcmp(before[i], after[i]) != 0 && strcmp(after[i], "user-service-4") != 0;
    }
    SEEN(same == KEYS, "3 instances: %d of %d keys go to the same instance again",
         "3 个实例：%d/%d 个键再次路由到同一实例", same, KEYS);
    SEEN(moved > 0 && moved < KEYS / 2, "a fourth instance: %d of %d keys move", "增加第 4 个实例：%d/%d 个键换了实例",
         moved, KEYS);
    SEEN(moved_elsewhere == 0, "%d of them move between the old instances", "其中在原有实例之间移动的有 %d 个",
         moved_elsewhere);
    return true;
}

/* --- Client-side and server-side -------------------------------------------------------------------- */

struct balancer {
    struct port port;
    struct proc proc;
    struct service at; /* only its port is used, for URLs */
};

static const char haproxy_config[] =
    "defaults\n mode http\n timeout connect 1s\n timeout client 30s\n timeout server 30s\n retries 2\n"
    " option redispatch\n"
    "frontend users\n bind 127.0.0.1:%d\n default_backend users\n"
    "backend users\n balance roundrobin\n option httpchk GET /health\n"
    " server a 127.0.0.1:%d check inter 1s\n server b 127.0.0.1:%d check inter 1s\n server c 127.0.0.1:%d check inter "
    "1s\n";

/* One process, so that no worker is left when it is killed. */
static const char nginx_config[] =
    "daemon off; master_process off; pid %s/nginx.pid; error_log stderr error; events { }\n"
    "http { access_log off; client_body_temp_path %s; proxy_temp_path %s; fastcgi_temp_path %s;\n"
    " uwsgi_temp_path %s; scgi_temp_path %s; proxy_connect_timeout 1s;\n"
    " upstream users { server 127.0.0.1:%d; server 127.0.0.1:%d; server 127.0.0.1:%d; }\n"
    " server { listen 127.0.0.1:%d; location / { proxy_pass http://users; } } }\n";

static int write_configs(const struct stage *stage, const struct balancer *haproxy, const struct balancer *nginx)
{
    const struct service *users = stage->users;
    const char *folder = stage->world.folder.path;
    char path[PLACE_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/haproxy.cfg", folder);
    FILE *file = fopen(path, "w");
    if (!file)
        return -1;
    fprintf(file, haproxy_config, haproxy->port.number, users[0].port, users[1].port, users[2].port);
    fclose(file);
    snprintf(path, sizeof path, "%s/nginx.conf", folder);
    file = fopen(path, "w");
    if (!file)
        return -1;
    fprintf(file, nginx_config, folder, folder, folder, folder, folder, folder, users[0].port, users[1].port,
            users[2].port, nginx->port.number);
    return fclose(file);
}

static bool serves(void *arg)
{
    char url[SERVICE_URL_MAX];
    return probe_get(NULL, service_url(arg, "/users/1", url), NULL) == 200;
}

static bool start_balancer(struct balancer *balancer, const char *const argv[], const char *log, struct err *err)
{
    balancer->at.port = balancer->port.number;
    if (proc_start(&balancer->proc, argv, NULL, log, err) != 0)
        return report_error(err->text);
    if (time_until(serves, &balancer->at, LIMIT_MS) >= 0)
        return true;
    char *output = proc_output(&balancer->proc);
    report_error(output);
    free(output);
    return false;
}

static bool start_balancers(const struct stage *stage, struct balancer *haproxy, struct balancer *nginx)
{
    struct err err = ERR_INIT;
    char config[2][PLACE_PATH_MAX + 32], log[PLACE_PATH_MAX + 32];
    const char *folder = stage->world.folder.path;
    if (port_take(&haproxy->port, &err) != 0 || port_take(&nginx->port, &err) != 0)
        return report_error(err.text);
    if (write_configs(stage, haproxy, nginx) != 0)
        return report_error("cannot write the balancers' configuration");
    snprintf(config[0], sizeof config[0], "%s/haproxy.cfg", folder);
    snprintf(config[1], sizeof config[1], "%s/nginx.conf", folder);
    snprintf(log, sizeof log, "%s/balancers.log", folder);
    return start_balancer(haproxy, (const char *const[]){"haproxy", "-db", "-f", config[0], NULL}, log, &err) &&
           start_balancer(nginx, (const char *const[]){"nginx", "-p", folder, "-c", config[1], NULL}, log, &err);
}

/* Calls at an even rate: 4 connections, 25 calls a second each. */
static void load_for(const struct service *at, int64_t ms, struct load_count *count)
{
    char url[SERVICE_URL_MAX];
    struct load *load = load_start(service_url(at, "/users/", url), 4, 25);
    *count = (struct load_count){0};
    if (!load)
        return;
    usleep((useconds_t)ms * 1000);
    load_stop(load, count);
}

enum { LOAD_MS = 1000 };

static void see_load(const struct service *at, struct text what, bool all_fail)
{
    struct load_count count;
    load_for(at, LOAD_MS, &count);
    bool held = all_fail ? count.ok == 0 && count.failed > 0 : count.failed == 0 && count.ok > 0;
    SEEN(held, "%s: %llu calls succeed, %llu fail", "%s：成功 %llu 次，失败 %llu 次", text_of(what),
         (unsigned long long)count.ok, (unsigned long long)count.failed);
}

static bool is_installed(const char *program)
{
    char folders[4096], path[PLACE_PATH_MAX], *rest = NULL;
    const char *list = getenv("PATH");
    snprintf(folders, sizeof folders, "%s", list ? list : "");
    for (const char *folder = strtok_r(folders, ":", &rest); folder; folder = strtok_r(NULL, ":", &rest)) {
        snprintf(path, sizeof path, "%s/%s", folder, program);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

static bool balancer_killed(struct stage *stage)
{
    struct balancer haproxy = {0}, nginx = {0};
    if (!is_installed("haproxy") || !is_installed("nginx"))
        return report_skip((struct text){"HAProxy or nginx is not installed: run consul-dev/install-deps balancers",
                                         "没有安装 HAProxy 或 nginx：请运行 consul-dev/install-deps balancers"});
    if (!stage_open_world(stage) || !start_with(stage, NULL) || !start_balancers(stage, &haproxy, &nginx))
        return false;
    see_load(&stage->orders,
             TEXT("client-side (order-service picks by itself)", "客户端负载均衡（order-service 自己选择实例）"),
             false);
    see_load(&haproxy.at, TEXT("server-side, through HAProxy", "服务端负载均衡，经过 HAProxy"), false);
    see_load(&nginx.at, TEXT("server-side, through nginx", "服务端负载均衡，经过 nginx"), false);
    proc_kill_all(&stage->users[0].proc, LIMIT_MS);
    see_load(&stage->orders, TEXT("one user-service is killed: client-side", "杀掉一个 user-service：客户端"), false);
    see_load(&haproxy.at, TEXT("one user-service is killed: HAProxy", "杀掉一个 user-service：HAProxy"), false);
    see_load(&nginx.at, TEXT("one user-service is killed: nginx", "杀掉一个 user-service：nginx"), false);
    proc_kill_all(&haproxy.proc, LIMIT_MS);
    proc_kill_all(&nginx.proc, LIMIT_MS);
    see_load(&haproxy.at, TEXT("the balancer is killed: HAProxy", "杀掉负载均衡器：HAProxy"), true);
    see_load(&nginx.at, TEXT("the balancer is killed: nginx", "杀掉负载均衡器：nginx"), true);
    see_load(&stage->orders, TEXT("client-side: there is no balancer to kill", "客户端：没有单独的负载均衡器可杀"),
             false);
    port_release(&haproxy.port);
    port_release(&nginx.port);
    return true;
}

const struct lab balancing_labs[] = {
    {{"V.1, V.2", "五、1；五、2"},
     {"Round robin and random", "轮询与随机"},
     {"“the client selects an instance by itself (random, round robin, weighted)”",
      "“客户端自己选择实例（随机、轮询、加权）”"},
     HOLDS,
     {"round robin is exactly even, random only on average", "轮询严格均匀，随机只是平均上均匀"},
     round_robin_and_random},
    {{"V.2, X.2", "五、2；十、练习 2"},
     {"Weights 3 and 1", "权重 3 和 1"},
     {"“instance A has weight 3”, “instance B has weight 1”, “of 4 requests, A gets 3 and B gets 1”",
      "“实例 A 权重 3”，“实例 B 权重 1”，“4 次请求中，A 被选 3 次，B 被选 1 次”"},
     HOLDS,
     {"smooth weighted round robin keeps it in each group of four", "平滑加权轮询在每一组 4 次中都做到"},
     weighted},
    {{"V.2", "五、2"},
     {"Consistent hash: one key, one instance", "一致性哈希：相同的键，同一个实例"},
     {"“the same key always goes to the same instance”", "“相同 key 始终路由到同一实例”"},
     HOLDS_IF,
     {"the list of instances stays the same; with a new instance, only the keys that it takes over move",
      "实例列表不变；增加一个实例时，只有它接管的键会换实例"},
     consistent_hash},
    {{"V.1, VIII.4", "五、1；八、4"},
     {"Client-side and server-side balancing, the balancer killed", "客户端与服务端负载均衡：杀掉负载均衡器"},
     {"“the load balancer is a single point of failure”, client-side: “no single point of failure”",
      "“LB 成为单点”，客户端：“无单点”"},
     HOLDS_IF,
     {"there is only one balancer: when it is killed, every call through it fails. Both ways survive the loss of an "
      "instance. For the speed of both: make bench BENCH=proxy",
      "负载均衡器只有一个：杀掉它，经过它的调用全部失败。两种方式都能承受失去一个实例。两者的性能：make bench "
      "BENCH=proxy"},
     balancer_killed},
    {.run = NULL},
};
