/* Parts I.1, IV.6, V.3 and VI of the lesson: what a caller notices when instances come, and when Consul is down. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "labs.h"

/* --- Scale out ----------------------------------------------------------------------------------- */

struct range {
    const struct stage *stage;
    int first, last; /* 1 to 5 */
};

/* Makes a call; true: each of them has got one. */
static bool all_are_called(void *arg)
{
    const struct range *range = arg;
    struct view view;
    struct called called;
    view_call(NULL, &range->stage->orders, 1, &called);
    view_take(&range->stage->orders, "user-service", &view);
    for (int number = range->first; number <= range->last; number++) {
        char id[32];
        snprintf(id, sizeof id, "user-service-%d", number);
        const struct seen *seen = view_find(&view, id);
        if (!seen || seen->picks == 0)
            return false;
    }
    return true;
}

static bool scale_out(struct stage *stage)
{
    if (!stage_open_world(stage) || !stage_start_services(stage, 3, NULL))
        return false;
    SEEN(time_until(all_are_called, &(struct range){stage, 1, 3}, LIMIT_MS) >= 0, "order-service calls 3 user-services",
         "order-service 调用 3 个 user-service");
    int64_t begin = clock_ms();
    if (!stage_start_user(stage, 3, NULL) || !stage_start_user(stage, 4, NULL))
        return false;
    SEEN(true, "two more start and listen after %s", "再启动两个，%s 后开始监听", duration(clock_ms() - begin));
    int64_t found = time_to_passing(&stage->world.consul, "user-service", 5);
    SEEN(found >= 0, "Consul has checked them: 5 passing %s later", "再过 %s，Consul 检查通过：5 个 passing",
         duration(found));
    int64_t called = time_until(all_are_called, &(struct range){stage, 4, 5}, LIMIT_MS);
    SEEN(called >= 0, "order-service calls both %s later, without a restart",
         "再过 %s，order-service 调用了这两个实例，没有重启", duration(called));
    return true;
}

/* --- The registry is down ------------------------------------------------------------------------- */

static bool registry_down(struct stage *stage)
{
    static const char *const short_ttl[] = {"DISCOVERY_CACHE_TTL=2s", NULL};
    if (!stage_open_world(stage) || !stage_start_services(stage, 2, short_ttl))
        return false;
    server_stop(&stage->world.consul);
    int64_t stale = time_to_view(stage, "cache", 2);
    SEEN(stale >= 0, "Consul stops: after %s the list is older than its TTL of 2 s",
         "Consul 停止：%s 后列表超过 2 s 的有效期", duration(stale));
    int ok = count_successes(stage);
    SEEN(ok == CALLS, "%d of %d calls succeed, with the stale list", "使用过期的列表，%d/%d 次调用成功", ok, CALLS);
    if (!stage_start_user(stage, 2, short_ttl))
        return false;
    bool failed = proc_wait_output(&stage->users[2].proc, "msg=register_failed", NULL, 0, LIMIT_MS);
    SEEN(failed, "a new instance starts, and cannot register", "启动一个新实例，它无法注册");
    struct view view;
    view_take(&stage->orders, "user-service", &view);
    SEEN(!view_find(&view, "user-service-3"), "order-service does not find it", "order-service 发现不了它");
    return true;
}

/* The lesson's order_service.py, in C: it queries Consul before each call, and has no cache. Sets what it printed last;
 * the caller frees it. */
static bool lesson_calls(const struct stage *stage, char **last)
{
    struct proc proc;
    *last = NULL;
    if (!stage_start_lesson(stage, &proc, (const char *const[]){"order_service", "1", NULL}) ||
        !proc_wait(&proc, LIMIT_MS))
        return false;
    *last = proc_output(&proc);
    return WIFEXITED(proc.status) && WEXITSTATUS(proc.status) == 0;
}

static bool without_cache(struct stage *stage)
{
    char *last;
    if (!stage_open_world(stage) || !stage_start_services(stage, 2, NULL))
        return false;
    SEEN(lesson_calls(stage, &last), "the lesson's order_service finds an instance and calls it",
         "课程的 order_service 找到实例并调用成功");
    free(last);
    server_stop(&stage->world.consul);
    bool called = lesson_calls(stage, &last);
    if (last)
        last[strcspn(last, "\r\n")] = '\0';
    SEEN(!called, "Consul stops: the lesson's order_service fails (%s)", "Consul 停止：课程的 order_service 失败（%s）",
         last ? last : "");
    free(last);
    int ok = count_successes(stage);
    SEEN(ok == CALLS, "order-service, with its cached list: %d of %d calls succeed",
         "带本地缓存的 order-service：%d/%d 次调用成功", ok, CALLS);
    return true;
}

/* --- The lesson's ServiceClient ------------------------------------------------------------------------ */

/* The lesson's ServiceClient in C: it prints "query" for a query of Consul, "ok …" or "failed …" for a call. */
static const char *const lesson_client[] = {"service_client", "user-service", "4" /* s: cache TTL */,
                                            "10" /* calls a second */, NULL};

struct printed {
    const struct proc *client;
    const char *word;
    int more_than;
};

static int count_lines(const struct proc *client, const char *word)
{
    char *output = proc_output(client);
    int count = 0;
    for (const char *at = output; at && (at = strstr(at, word)); at++)
        count++;
    free(output);
    return count;
}

static bool has_printed_more(void *arg)
{
    const struct printed *printed = arg;
    return count_lines(printed->client, printed->word) > printed->more_than;
}

/* The milliseconds until it prints the next line with this word; -1: not within LIMIT_MS. */
static int64_t time_to_next(const struct proc *client, const char *word)
{
    return time_until(has_printed_more, &(struct printed){client, word, count_lines(client, word)}, LIMIT_MS);
}

static bool lesson_cache(struct stage *stage)
{
    struct proc client = {0};
    if (!stage_open_world(stage) || !stage_start_services(stage, 2, NULL) ||
        !stage_start_lesson(stage, &client, lesson_client))
        return false;
    SEEN(time_to_next(&client, "ok ") >= 0,
         "the lesson's ServiceClient (cache: 4 s) finds the instances and calls them",
         "课程的 ServiceClient（缓存 4 s）找到实例并调用成功");
    time_to_next(&client, "query");
    time_to_next(&client, "ok "); /* the query has succeeded, so its cache is fresh */
    int failed = count_lines(&client, "failed ");
    server_kill(&stage->world.consul);
    SEEN(time_to_next(&client, "ok ") >= 0 && count_lines(&client, "failed ") == failed,
         "Consul stops: its calls succeed while the cache is fresh", "Consul 停止：缓存有效期内，调用照常成功");
    int64_t took = time_to_next(&client, "failed consul");
    int ok = count_lines(&client, "ok ");
    SEEN(took >= 0 && time_to_next(&client, "failed consul") >= 0 && count_lines(&client, "ok ") == ok,
         "after %s the cache has expired: each call fails, although it still has the list",
         "%s 后缓存过期：每次调用都失败，虽然列表还在手里", duration(took));
    proc_kill_all(&client, LIMIT_MS);
    ok = count_successes(stage);
    SEEN(ok == CALLS, "order-service, which keeps its list: %d of %d calls succeed",
         "保留列表的 order-service：%d/%d 次调用成功", ok, CALLS);
    return true;
}

const struct lab discovery_labs[] = {
    {{"I.1, I.2", "一、1；一、2"},
     {"Scale out from 3 to 5 instances", "从 3 个实例扩容到 5 个"},
     {"“traffic surges, and Kubernetes scales out to 5 instances”, “the caller queries the list of services, and so "
      "gets the available instances”",
      "“突然流量暴增，K8s 自动扩容到 5 个实例”，“调用方从注册中心查询服务列表，动态获取可用实例”"},
     HOLDS,
     {"new instances get calls after their first check, and no address was configured",
      "新实例在第一次检查通过之后就收到调用，没有配置任何地址"},
     scale_out},
    {{"VI.1", "六、1"},
     {"Consul is down: what still works", "Consul 挂了：哪些还能用"},
     {"“new services cannot register”, “new instances cannot be found”, “calls to existing services are not affected "
      "(with a local cache)”",
      "“新服务无法注册”，“服务无法发现新实例”，“但已有的服务调用不受影响（如果有本地缓存）”"},
     HOLDS_IF,
     {"the caller uses its list also after the TTL has passed", "列表过了有效期，调用方也继续使用它"},
     registry_down},
    {{"IV.6, VI.3", "四、6；六、3"},
     {"Consul is down: the lesson's caller", "Consul 挂了：课程的调用方"},
     {"“a local cache is a must, so that trouble with the registry does not disturb the service”",
      "“必须有本地缓存，防止注册中心抖动影响业务”"},
     HOLDS,
     {"the lesson's order_service queries Consul before each call, so it fails together with Consul",
      "课程的 order_service 每次调用前都查询 Consul，所以会跟着 Consul 一起失败"},
     without_cache},
    {{"V.3, VI.2", "五、3；六、2"},
     {"Consul is down: the lesson's ServiceClient", "Consul 挂了：课程的 ServiceClient"},
     {"“if Consul is down, return the cached list (if there is one)”, “the ServiceClient above does it”",
      "“Consul 挂了，返回缓存（如果有）”，“上面的 ServiceClient 已实现缓存”"},
     DOES_NOT_HOLD,
     {"it queries Consul as soon as the cache has expired, and does not return to the cached list if that fails",
      "缓存一过期它就查询 Consul，查询失败时不会回到缓存的列表"},
     lesson_cache},
    {.run = NULL},
};
