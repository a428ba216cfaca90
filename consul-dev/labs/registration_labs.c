/* Parts I.2, IV.3 and IV.5 of the lesson: an instance is registered, and deregistered. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    bool critical = time_to_status(consul, "starting", "starting-1", "critical") >= 0;
    SEEN(critical && consul_count(consul, "starting", true) == 0,
         "an instance that was not checked yet is critical, and passing=true does not return it",
         "还没有检查过的实例是 critical，passing=true 查不到它");
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
    char status[STATUS_MAX];
    if (!stage_open_callee(stage) || !register_checked(stage, "callee", "callee-1", "/status/200"))
        return false;
    SEEN(time_to_passing(consul, "callee", 1) >= 0, "before: callers find the instance", "注销前：调用方能查到该实例");
    SEEN(consul_put(consul, "/v1/agent/service/deregister/callee-1", "") == 200, "Consul accepts the deregistration",
         "Consul 接受注销请求");
    int64_t gone = time_until(is_gone, consul, LIMIT_MS);
    SEEN(gone >= 0 && !*check_status(consul, "callee", "callee-1", status),
         "the list is empty after %s; its check is gone, too", "%s 后列表为空，它的健康检查也一并消失", duration(gone));
    return true;
}

/* --- Deregistering at exit ------------------------------------------------------------------- */

/* The lesson's user_service.py in C (exercises/0-lesson): it deregisters with atexit(). */
struct lesson_service {
    struct proc proc;
    char id[64];
    char fifo[PLACE_PATH_MAX + 32]; /* its standard input: it ends when this is closed */
    int input;
};

/* Registers a port. The lesson's register prints the id. */
static bool lesson_register(const struct stage *stage, const char *port, char *id, size_t size)
{
    struct proc proc;
    if (!stage_start_lesson(stage, &proc, (const char *const[]){"register", port, NULL}))
        return false;
    return proc_wait_output(&proc, "registered: ", id, size, LIMIT_MS) || report_error("the lesson's register fails");
}

static bool answers(void *arg)
{
    return probe_get(NULL, arg, NULL) == 200;
}

struct entry {
    const struct server *consul;
    const char *id;
};

static bool is_registered(void *arg)
{
    const struct entry *entry = arg;
    return consul_has(entry->consul, "user-service", entry->id, false);
}

static bool is_not_registered(void *arg)
{
    return !is_registered(arg);
}

/* Registers it, and starts it with an open standard input. */
static bool lesson_start(const struct stage *stage, struct lesson_service *service)
{
    char build[PLACE_PATH_MAX], command[3 * PLACE_PATH_MAX], port[16], log[PLACE_PATH_MAX + 32], consul[160];
    struct port taken;
    struct err err = ERR_INIT;
    if (port_take(&taken, &err) != 0)
        return report_error(err.text);
    snprintf(port, sizeof port, "%d", taken.number);
    if (!lesson_register(stage, port, service->id, sizeof service->id))
        return false;
    build_path(build);
    snprintf(service->fifo, sizeof service->fifo, "%s/input-%s", stage->world.folder.path, port);
    snprintf(command, sizeof command, "exec '%s/lesson/user_service' %s %s <'%s'", build, port, service->id,
             service->fifo);
    snprintf(log, sizeof log, "%s/user_service.log", stage->world.folder.path);
    snprintf(consul, sizeof consul, "CONSUL_HTTP_ADDR=%s", stage->world.consul.url);
    port_release(&taken);
    if (mkfifo(service->fifo, 0600) != 0 || proc_start(&service->proc, (const char *const[]){"sh", "-c", command, NULL},
                                                       (const char *const[]){consul, NULL}, log, &err) != 0)
        return report_error("cannot start the lesson's user_service");
    service->input = open(service->fifo, O_WRONLY | O_CLOEXEC); /* waits until it has opened the other end */
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%s/health", port);
    return (time_until(answers, url, LIMIT_MS) >= 0 &&
            time_until(is_registered, &(struct entry){&stage->world.consul, service->id}, LIMIT_MS) >= 0) ||
           report_error("the lesson's user_service does not listen, or is not registered");
}

static bool deregistered_at_exit(struct stage *stage)
{
    static const struct {
        int signum; /* 0: its input ends */
        bool deregisters;
        struct text how;
    } ends[] = {
        {0, true, {"main() returns", "main() 返回"}},
        {SIGTERM, false, {"SIGTERM (what docker stop and systemd send)", "SIGTERM（docker stop、systemd 发送的信号）"}},
        {SIGKILL, false, {"kill -9", "kill -9"}}};
    struct server *consul = &stage->world.consul;
    if (!stage_open_world(stage))
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct lesson_service service = {0};
        if (!lesson_start(stage, &service))
            return false;
        close(ends[i].signum ? -1 : service.input);
        if (ends[i].signum)
            proc_signal(&service.proc, ends[i].signum);
        bool ended = proc_wait(&service.proc, LIMIT_MS);
        bool listed = ends[i].deregisters
                          ? time_until(is_not_registered, &(struct entry){consul, service.id}, LIMIT_MS) < 0
                          : is_registered(&(struct entry){consul, service.id});
        SEEN(ended && listed != ends[i].deregisters, "the lesson's user_service, %s: %s", "课程的 user_service，%s：%s",
             text_of(ends[i].how),
             text_of(listed ? TEXT("it is still registered", "仍处于注册状态") : TEXT("it is deregistered", "已注销")));
        if (ends[i].signum)
            close(service.input);
    }
    if (!stage_start_user(stage, 0, NULL) || time_to_passing(consul, "user-service", 1) < 0)
        return report_error("the project's user-service does not register");
    service_stop(&stage->users[0]);
    SEEN(time_until(is_not_registered, &(struct entry){consul, "user-service-1"}, LIMIT_MS) >= 0,
         "the project's user-service, SIGTERM: it is deregistered", "本项目的 user-service，SIGTERM：已注销");
    return true;
}

const struct lab registration_labs[] = {
    {{"I.2, IV.3", "一、2；四、3"},
     {"An instance is visible after it registers", "注册之后能看到实例"},
     {"“a service sends its address, port and metadata to the registry when it starts”, “the caller queries the list "
      "of services there, and so gets the available instances”",
      "“服务启动时，把自己的信息（IP、端口、元数据）注册到注册中心”，“调用方从注册中心查询服务列表，动态获取可用实例”"},
     HOLDS_IF,
     {"the first health check has passed: the entry is in the list at once, but critical until then",
      "第一次健康检查已经通过：条目立刻出现，但在此之前是异常（critical）"},
     visible_after_registering},
    {{"IV.5, VIII.6", "四、5；八、6"},
     {"An instance is gone after it deregisters", "注销之后查不到实例"},
     {"“deregister when the service shuts down, so that no zombie instance is left”",
      "“服务关闭时主动注销，避免僵尸实例”"},
     HOLDS,
     {"Consul removes the instance and its check at once", "Consul 立刻删除实例和它的健康检查"},
     gone_after_deregistering},
    {{"IV.5, IX.3", "四、5；九、3"},
     {"Deregistering with atexit, and how a process ends", "用 atexit 注销，与进程的结束方式"},
     {"“register an exit handler”, “deregister at shutdown”", "“注册退出处理函数”，“关闭时注销”"},
     HOLDS_IF,
     {"the process ends by itself: a signal ends it without its exit handlers, so a service must handle SIGTERM",
      "进程自己退出：被信号结束时不会执行退出处理函数，所以服务要自己处理 SIGTERM"},
     deregistered_at_exit},
    {.run = NULL},
};
