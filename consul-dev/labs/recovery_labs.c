/* Parts VI.2, VI.3 and X.3 of the lesson: Consul restarts, a second registry, and a static list. */
#include <stdio.h>
#include <string.h>

#include "labs.h"

/* --- Consul restarts ----------------------------------------------------------------------------------- */

static bool registry_restarts(struct stage *stage)
{
    struct err err = ERR_INIT;
    static const char *const short_ttl[] = {"DISCOVERY_CACHE_TTL=2s", NULL};
    char check[] = "{\"TTL\":\"60s\",\"Status\":\"passing\"}";
    if (!stage_open_world(stage) || !stage_start_services(stage, 2, short_ttl))
        return false;
    stage->callee_port = 1; /* its address does not matter: it is not called */
    register_callee(stage, "once", "once-1", check);
    SEEN(time_to_passing(&stage->world.consul, "once", 1) >= 0,
         "two user-services register, and one instance that does it only once",
         "两个 user-service 注册，另有一个实例只在启动时注册一次");
    server_stop(&stage->world.consul);
    int64_t stale = time_to_view(stage, "cache", 2);
    int ok = count_successes(stage);
    SEEN(stale >= 0 && ok == CALLS, "Consul stops: %d of %d calls of order-service succeed, with its cache",
         "Consul 停止：order-service 使用缓存，%d/%d 次调用成功", ok, CALLS);
    if (server_start(&stage->world.consul, &err) != 0)
        return report_error(err.text);
    int64_t back = time_to_passing(&stage->world.consul, "user-service", 2);
    SEEN(back >= 0, "Consul restarts with no data: the user-services are back after %s",
         "Consul 重启，数据为空：%s 后 user-service 都回来了", duration(back));
    int64_t fresh = time_to_view(stage, "consul", 2);
    SEEN(fresh >= 0, "%s later, order-service uses Consul's list again",
         "再过 %s，order-service 重新使用 Consul 的列表", duration(fresh));
    SEEN(consul_count(&stage->world.consul, "once", false) == 0, "the instance that registers only once stays unknown",
         "只注册一次的实例没有回来");
    return true;
}

/* --- Other sources ----------------------------------------------------------------------------------- */

static bool second_registry(struct stage *stage)
{
    char endpoints[160];
    struct err err = ERR_INIT;
    if (!stage_open_world(stage))
        return false;
    if (server_init(&stage->other, SERVER_ETCD, &stage->world.folder, &err) != 0 ||
        server_start(&stage->other, &err) != 0)
        return report_error(err.text);
    snprintf(endpoints, sizeof endpoints, "ETCD_ENDPOINTS=%s", stage->other.url);
    if (!stage_start_services(stage, 2, (const char *const[]){endpoints, "DISCOVERY_CACHE_TTL=2s", NULL}))
        return false;
    SEEN(time_to_view(stage, "consul", 2) >= 0, "both registries run: order-service uses Consul's list",
         "两个注册中心都在：order-service 使用 Consul 的列表");
    server_stop(&stage->world.consul);
    int64_t took = time_to_view(stage, "etcd", 2);
    SEEN(took >= 0, "Consul stops: after %s it uses etcd's list", "Consul 停止：%s 后改用 etcd 的列表", duration(took));
    int ok = count_successes(stage);
    SEEN(ok == CALLS, "%d of %d calls succeed", "%d/%d 次调用成功", ok, CALLS);
    if (!stage_start_user(stage, 2, (const char *const[]){endpoints, NULL}))
        return false;
    took = time_to_view(stage, "etcd", 3);
    SEEN(took >= 0, "a new instance is found in etcd after %s", "%s 后从 etcd 发现新实例", duration(took));
    return true;
}

static bool static_fallback(struct stage *stage)
{
    char list[64];
    struct called called;
    if (!stage_open_world(stage) || !stage_start_user(stage, 0, NULL))
        return false;
    server_stop(&stage->world.consul);
    if (!stage_start_orders(stage, NULL))
        return false;
    view_call(NULL, &stage->orders, 1, &called);
    SEEN(called.status == 503, "Consul is down, and order-service starts without any list: %d",
         "Consul 停止，order-service 启动时没有任何列表：%d", called.status);
    service_stop(&stage->orders);
    snprintf(list, sizeof list, "STATIC_INSTANCES=user-service=127.0.0.1:%d", stage->users[0].port);
    if (!stage_start_orders(stage, (const char *const[]){list, NULL}))
        return false;
    view_call(NULL, &stage->orders, 1, &called);
    SEEN(called.status == 200 && strcmp(called.source, "static") == 0,
         "the same with STATIC_INSTANCES: %d, X-Discovery-Source: %s",
         "同样条件，设置 STATIC_INSTANCES：%d，X-Discovery-Source: %s", called.status, called.source);
    return true;
}

const struct lab recovery_labs[] = {
    {{"X.3", "十、练习 3"},
     {"Consul restarts: do the services recover?", "Consul 重启：服务能自动恢复吗"},
     {"“stop Consul: order-service should go on for a while, with its cache”, “restart Consul, and see whether the "
      "services recover by themselves”",
      "“观察订单服务的表现（应该能用缓存继续调用一段时间）”，“重启 Consul，观察服务是否自动恢复”"},
     HOLDS_IF,
     {"an instance checks that it is still registered and registers again; the lesson's code registers only once",
      "实例会核对自己的注册并重新注册；课程的代码只注册一次"},
     registry_restarts},
    {{"VI.2", "六、2"},
     {"Two registries: Consul, and etcd as a second one", "多注册中心：Consul 为主，etcd 为备"},
     {"“connect to several registries at the same time”, “if one is down, use the other”",
      "“同时连接多个注册中心”，“一个挂了，用另一个”"},
     HOLDS_IF,
     {"the instances register in both all the time", "实例平时就在两边都注册"},
     second_registry},
    {{"VI.3", "六、3"},
     {"The last resort: a static list", "最后的手段：静态配置"},
     {"“if the registry is unavailable, use the cache or a static configuration”",
      "“注册中心不可用时，使用缓存或静态配置”"},
     HOLDS,
     {"a caller that starts while Consul is down has no list in memory; a static list helps it, or one that it saved "
      "on disk (DISCOVERY_SNAPSHOT_DIR)",
      "Consul 挂掉期间启动的调用方内存里没有列表，要靠静态列表，或者它存在磁盘上的列表（DISCOVERY_SNAPSHOT_DIR）"},
     static_fallback},
    {.run = NULL},
};
