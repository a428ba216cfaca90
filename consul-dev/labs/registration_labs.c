/* Parts I.2, IV.3 and IV.5 of the lesson: an instance is registered, and deregistered. */
#include <string.h>

#include "labs.h"

/* --- Visible after registering --------------------------------------------------------- */

static bool is_listed(void *arg)
{
    return consul_count(arg, "callee", false) == 1;
}

static bool visible_after_registering(struct stage *stage)
{
    struct server *consul = &stage->world.consul;
    if (!stage_open_callee(stage))
        return false;
    SEEN(consul_count(consul, "callee", false) == 0, "before: Consul lists no instance", "注册前：Consul 中没有实例");
    if (!register_checked(stage, "callee", "callee-1", "/status/200"))
        return false;
    int64_t listed = time_until(is_listed, consul, LIMIT_MS);
    SEEN(listed >= 0, "registered: in Consul's list after %s", "注册后：%s 后出现在 Consul 的列表中", duration(listed));
    int64_t found = time_to_passing(consul, "callee", 1);
    SEEN(found >= 0, "with passing=true it is found %s later, after its first check (interval 1 s)",
         "用 passing=true 查询，再过 %s 才能查到：要等第一次检查通过（间隔 1 s）", duration(found));
    register_callee(stage, "starting", "starting-1", "{\"TTL\":\"60s\"}");
    char status[STATUS_MAX];
    SEEN(strcmp(check_status(consul, "starting", "starting-1", status), "critical") == 0 &&
             consul_count(consul, "starting", true) == 0,
         "an instance that was not checked yet is %s, and passing=true does not return it",
         "还没有检查过的实例是 %s，passing=true 查不到它", status);
    return true;
}

/* --- Gone after deregistering ------------------------------------------------------------ */

static bool is_gone(void *arg)
{
    return consul_count(arg, "callee", false) == 0;
}

static bool gone_after_deregistering(struct stage *stage)
{
    struct server *consul = &stage->world.consul;
    if (!stage_open_callee(stage) || !register_checked(stage, "callee", "callee-1", "/status/200"))
        return false;
    SEEN(time_to_passing(consul, "callee", 1) >= 0, "before: callers find the instance", "注销前：调用方能查到该实例");
    SEEN(consul_put(consul, "/v1/agent/service/deregister/callee-1", "") == 200, "Consul accepts the deregistration",
         "Consul 接受注销请求");
    int64_t gone = time_until(is_gone, consul, LIMIT_MS);
    SEEN(gone >= 0, "the list is empty after %s; its check is gone, too", "%s 后列表为空，它的健康检查也一并消失",
         duration(gone));
    return true;
}

const struct lab registration_labs[] = {
    {{"IV.3", "四、3"},
     {"An instance is visible after it registers", "注册之后能看到实例"},
     {"an instance registers when it starts, and callers can then find it", "服务启动时注册，之后调用方就能查到它"},
     HOLDS_IF,
     {"the first health check has passed: the entry is in the list at once, but critical until then",
      "第一次健康检查要先通过：条目立刻出现，但在此之前是异常（critical）"},
     visible_after_registering},
    {{"IV.5", "四、5"},
     {"An instance is gone after it deregisters", "注销之后查不到实例"},
     {"a service deregisters when it shuts down, and callers no longer find it", "服务关闭时注销，调用方不再查到它"},
     HOLDS,
     {"Consul removes the instance and its check at once", "Consul 立刻删除实例和它的健康检查"},
     gone_after_deregistering},
    {.run = NULL},
};
