/* Part V.1 of the lesson: client-side balancing beside HAProxy and nginx, which are a process of their own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/load.h"
#include "labs.h"

struct balancer {
    struct port port;
    struct proc proc;
    struct service at; /* only its port is used, for URLs */
};

static bool serves(void *arg)
{
    char url[SERVICE_URL_MAX];
    return probe_get(NULL, service_url(arg, "/users/1", url), NULL) == 200;
}

/* On HAProxy's page its backend and three instances are UP. It finds them in Consul's DNS one after the other. */
static bool haproxy_has_all(void *arg)
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    int up = 0;
    if (probe_get(NULL, service_url(arg, "/haproxy;csv", url), &reply) == 200)
        for (const char *at = buf_text(&reply.body); (at = strstr(at, ",UP,")); at++)
            up++;
    probe_reply_close(&reply);
    return up == 4;
}

static bool start_balancer(struct balancer *balancer, const char *const argv[], const char *log, struct err *err)
{
    static const char *const env[] = {"DIE_WITH_PARENT=1", "ONE_PROCESS=1", NULL};
    balancer->at.port = balancer->port.number;
    if (proc_start(&balancer->proc, argv, env, log, err) != 0)
        return report_error(err->text);
    if (time_until(serves, &balancer->at, LIMIT_MS) >= 0)
        return true;
    char *output = proc_output(&balancer->proc);
    report_error(output);
    free(output);
    return false;
}

enum { COMMAND_MAX = PLACE_PATH_MAX + 32, ADDRESS_MAX = 24 };

static const char *command(const char *name, char out[COMMAND_MAX])
{
    char source[PLACE_PATH_MAX];
    source_path(source);
    snprintf(out, COMMAND_MAX, "%.*s/consul-dev/%s", PLACE_PATH_MAX - 1, source, name);
    return out;
}

static void address(int port, char out[ADDRESS_MAX])
{
    snprintf(out, ADDRESS_MAX, "127.0.0.1:%d", port);
}

/* HAProxy discovers the instances; nginx gets a fixed list. */
static bool start_balancers(const struct stage *stage, struct balancer *haproxy, struct balancer *nginx)
{
    struct err err = ERR_INIT;
    char run[COMMAND_MAX], port[16], folder[COMMAND_MAX], log[COMMAND_MAX], dns[ADDRESS_MAX], users[3][ADDRESS_MAX];
    if (port_take(&haproxy->port, &err) != 0 || port_take(&nginx->port, &err) != 0)
        return report_error(err.text);
    snprintf(log, sizeof log, "%.*s/balancers.log", PLACE_PATH_MAX - 1, stage->world.folder.path);
    snprintf(folder, sizeof folder, "%.*s/nginx", PLACE_PATH_MAX - 1, stage->world.folder.path);
    snprintf(port, sizeof port, "%d", haproxy->port.number);
    address(stage->world.consul.dns.number, dns);
    const char *const discovers[] = {command("run-haproxy", run), port, dns, NULL};
    if (!start_balancer(haproxy, discovers, log, &err))
        return false;
    snprintf(port, sizeof port, "%d", nginx->port.number);
    for (int i = 0; i < 3; i++)
        address(stage->users[i].port, users[i]);
    const char *const fixed[] = {command("run-nginx", run), folder, port, users[0], users[1], users[2], NULL};
    return start_balancer(nginx, fixed, log, &err);
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

/* All fail, or nearly none: a balancer that finds all instances slow for a moment fails some calls. */
static void see_load(const struct service *at, struct text what, bool all_fail)
{
    struct load_count count;
    load_for(at, LOAD_MS, &count);
    bool held = all_fail ? count.ok == 0 && count.failed > 0 : count.failed * 10 <= count.ok && count.ok > 0;
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
    if (!stage_open_world(stage) || !stage_start_services(stage, 3, NULL) || !start_balancers(stage, &haproxy, &nginx))
        return false;
    SEEN(time_until(haproxy_has_all, &haproxy.at, LIMIT_MS) >= 0, "HAProxy finds the three instances in Consul's DNS",
         "HAProxy 从 Consul 的 DNS 找到三个实例");
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

const struct lab proxy_labs[] = {
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
