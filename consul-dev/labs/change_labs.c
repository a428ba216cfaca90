/* Part I.1 of the lesson: an instance fails and comes back elsewhere, and a new version replaces the old one.
 * (Scaling out is in discovery_labs.c.) */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "harness/load.h"
#include "labs.h"

/* 4 connections, 25 calls a second each. */
static struct load *start_load(const struct stage *stage)
{
    char url[SERVICE_URL_MAX];
    struct load *load = load_start(service_url(&stage->orders, "/users/", url), 4, 25);
    if (!load)
        report_error("cannot start a thread");
    return load;
}

/* --- Killed, and started again at another port ---------------------------------------------- */

static bool first_is_called(void *arg)
{
    const struct stage *stage = arg;
    struct called called;
    view_call(NULL, &stage->orders, 1, &called);
    return strcmp(called.upstream, "user-service-1") == 0;
}

static bool killed_and_replaced(struct stage *stage)
{
    struct server *consul = &stage->world.consul;
    if (!stage_open_world(stage) || !stage_start_services(stage, 2, NULL))
        return false;
    int old_port = stage->users[0].port;
    struct load *load = start_load(stage);
    if (!load)
        return false;
    proc_kill_all(&stage->users[0].proc, LIMIT_MS);
    int64_t took = time_to_status(consul, "user-service", "user-service-1", "critical");
    struct load_count count;
    load_stop(load, &count);
    SEEN(took >= 0, "one of two instances is killed: Consul notices it after %s",
         "杀掉两个实例中的一个：%s 后 Consul 发现", duration(took));
    SEEN(count.failed == 0 && count.ok > 0,
         "meanwhile %llu calls succeed and %llu fail: order-service tries the other one",
         "在此期间成功 %llu 次，失败 %llu 次：order-service 会改试另一个实例", (unsigned long long)count.ok,
         (unsigned long long)count.failed);
    if (!stage_start_user(stage, 0, NULL))
        return false;
    took = time_until(first_is_called, stage, LIMIT_MS);
    SEEN(took >= 0 && stage->users[0].port != old_port,
         "it starts again at another port: order-service calls it after %s",
         "它在另一个端口上重新启动：%s 后 order-service 调用它", duration(took));
    int listed = consul_count(consul, "user-service", false);
    SEEN(listed == 2, "Consul lists %d instances: the new entry replaced the old one, which has the same id",
         "Consul 列出 %d 个实例：ID 相同，新条目取代了旧条目", listed);
    return true;
}

/* --- A new version ---------------------------------------------------------------------------- */

static bool version_is_replaced(struct stage *stage)
{
    static const char *const old[] = {"SERVICE_VERSION=1.0.0", NULL}, *const new[] = {"SERVICE_VERSION=2.0.0", NULL};
    if (!stage_open_world(stage) || !stage_start_services(stage, 2, old))
        return false;
    struct load *load = start_load(stage);
    if (!load)
        return false;
    bool ready = true;
    for (int i = 0; i < 2 && ready; i++) { /* one after the other, so that one always runs */
        service_stop(&stage->users[i]);
        ready = stage_start_user(stage, i, new) && time_to_view(stage, NULL, 2) >= 0;
    }
    struct load_count count;
    load_stop(load, &count);
    json_t *list = consul_get(&stage->world.consul, "/v1/health/service/user-service?passing");
    const char *first = "", *second = "";
    json_unpack(list, "[{s:{s:{s:s}}}, {s:{s:{s:s}}}]", "Service", "Meta", "version", &first, "Service", "Meta",
                "version", &second);
    SEEN(ready && strcmp(first, "2.0.0") == 0 && strcmp(second, "2.0.0") == 0,
         "each of two instances stops (SIGTERM) and starts as version 2.0.0: Consul lists versions %s and %s",
         "两个实例先后停止（SIGTERM），以版本 2.0.0 启动：Consul 列出的版本为 %s 和 %s", first, second);
    json_decref(list);
    SEEN(count.failed == 0 && count.ok > 0, "%llu calls succeed meanwhile, %llu fail",
         "在此期间成功 %llu 次，失败 %llu 次", (unsigned long long)count.ok, (unsigned long long)count.failed);
    return true;
}

const struct lab change_labs[] = {
    {{"I.1, I.2", "一、1；一、2"},
     {"An instance is killed and starts again elsewhere", "实例被杀，在别处重新启动"},
     {"“an instance dies, Kubernetes restarts it, and its address has changed”, “the caller queries the list of "
      "services, and so gets the available instances”",
      "“突然某个实例挂了，K8s 自动重启，IP 变了”，“调用方从注册中心查询服务列表，动态获取可用实例”"},
     HOLDS_IF,
     {"the caller tries another instance until Consul has noticed. With a random id at each start, as in the lesson, "
      "the dead entry stays in the list",
      "在 Consul 发现之前，调用方会改试另一个实例。像课程那样每次启动都用随机 ID 的话，失效的条目会留在列表中"},
     killed_and_replaced},
    {{"I.1", "一、1"},
     {"A new version replaces the old one under load", "有流量时发布新版本"},
     {"“a new version is released: old instances leave, new ones come”", "“发布新版本，旧实例下线，新实例上线”"},
     HOLDS_IF,
     {"an old instance deregisters and finishes its calls before it ends, and one instance always runs",
      "旧实例先注销、处理完已有的请求再退出，并且始终有一个实例在运行"},
     version_is_replaced},
    {.run = NULL},
};
