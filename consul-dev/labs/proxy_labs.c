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
    if (!stage_open_world(stage) || !stage_start_services(stage, 3, NULL) || !start_balancers(stage, &haproxy, &nginx))
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
