/* Part III.3 of the lesson: the kinds of health check, and what Consul makes of each answer. */
#include <stdio.h>
#include <string.h>

#include "labs.h"

/* --- HTTP ---------------------------------------------------------------------------------- */

static bool http_statuses(struct stage *stage)
{
    static const struct {
        const char *path, *status;
        struct text what;
    } answers[] = {
        {"/status/200", "passing", {"200", "200"}},
        {"/status/204", "passing", {"204", "204"}},
        {"/redirect/200",
         "passing",
         {"301 to a page with 200 (Consul follows it)", "301 跳转到返回 200 的页面（Consul 会跟随跳转）"}},
        {"/redirect/404", "critical", {"301 to a page with 404", "301 跳转到返回 404 的页面"}},
        {"/status/404", "critical", {"404", "404"}},
        {"/status/429", "warning", {"429", "429"}},
        {"/status/500", "critical", {"500", "500"}},
        {"/hang", "critical", {"no answer within the timeout of 1 s", "超时时间 1 s 内没有应答"}},
    };
    enum { COUNT = sizeof answers / sizeof *answers };
    char id[32], status[STATUS_MAX];
    if (!stage_open_callee(stage))
        return false;
    /* Without an answer an instance is critical from the start, so a hang can be seen only after a passing check. */
    for (int i = 0; i < COUNT; i++) {
        snprintf(id, sizeof id, "callee-%d", i);
        if (!register_checked(stage, "callee", id, "/status/200"))
            return false;
    }
    for (int i = 0; i < COUNT; i++) {
        snprintf(id, sizeof id, "callee-%d", i);
        if (time_to_status(&stage->world.consul, "callee", id, "passing") < 0)
            return report_error("cannot see the instances as passing");
        register_checked(stage, "callee", id, answers[i].path);
    }
    for (int i = 0; i < COUNT; i++) {
        snprintf(id, sizeof id, "callee-%d", i);
        bool held = time_to_status(&stage->world.consul, "callee", id, answers[i].status) >= 0;
        SEEN(held, "%s: %s", "%s：%s", text_of(answers[i].what),
             check_status(&stage->world.consul, "callee", id, status));
    }
    return true;
}

/* --- A script ------------------------------------------------------------------------------ */

static bool write_scripts(const struct folder *folder, char config[PLACE_PATH_MAX])
{
    snprintf(config, PLACE_PATH_MAX, "%.900s/scripts.hcl", folder->path);
    FILE *file = fopen(config, "w");
    if (!file)
        return report_error("cannot write the configuration of the script checks");
    fprintf(file, "enable_local_script_checks = true\n");
    for (int code = 0; code <= 2; code++)
        fprintf(file,
                "services {\n name = \"script\"\n id = \"script-%d\"\n port = 1\n"
                " check {\n args = [\"sh\", \"-c\", \"exit %d\"]\n interval = \"1s\"\n timeout = \"5s\"\n status = "
                "\"%s\"\n }\n}\n",
                code, code, code == 2 ? "passing" : "critical"); /* not what is expected */
    fclose(file);
    return true;
}

static bool script_exit_codes(struct stage *stage)
{
    static const char *const statuses[] = {"passing", "warning", "critical"};
    char config[PLACE_PATH_MAX], option[PLACE_PATH_MAX + 16], status[STATUS_MAX];
    struct err err = ERR_INIT;
    if (folder_take(&stage->world.folder, &err) != 0)
        return report_error(err.text);
    if (!write_scripts(&stage->world.folder, config))
        return false;
    snprintf(option, sizeof option, "-config-file=%s", config);
    if (!stage_open_consul(stage, (const char *const[]){"-dev", option, NULL}))
        return false;
    for (int code = 0; code <= 2; code++) {
        char id[32];
        snprintf(id, sizeof id, "script-%d", code);
        bool held = time_to_status(&stage->world.consul, "script", id, statuses[code]) >= 0;
        SEEN(held, "exit code %d: %s", "退出码 %d：%s", code, check_status(&stage->world.consul, "script", id, status));
    }
    return true;
}

/* --- TCP --------------------------------------------------------------------------------------- */

static bool is_not_passing(void *arg)
{
    const struct stage *stage = arg;
    char status[STATUS_MAX];
    return strcmp(check_status(&stage->world.consul, "callee", "tcp", status), "passing") != 0;
}

static bool tcp_check_of_hung_process(struct stage *stage)
{
    struct server *consul = &stage->world.consul;
    char check[128];
    if (!stage_open_callee(stage) || !register_checked(stage, "callee", "http", "/status/200"))
        return false;
    snprintf(check, sizeof check, "{\"TCP\":\"127.0.0.1:%d\",\"Interval\":\"1s\",\"Timeout\":\"1s\"}",
             stage->callee_port);
    if (!register_callee(stage, "callee", "tcp", check))
        return false;
    SEEN(time_to_passing(consul, "callee", 2) >= 0, "one process, a TCP and an HTTP check: both passing",
         "同一个进程，TCP 检查和 HTTP 检查都是 passing");
    proc_pause(&stage->callee);
    int64_t took = time_to_status(consul, "callee", "http", "critical");
    SEEN(took >= 0, "it hangs (SIGSTOP): the HTTP check is critical after %s",
         "进程挂起（SIGSTOP）：HTTP 检查 %s 后变为 critical", duration(took));
    SEEN(time_until(is_not_passing, stage, 3000) < 0,
         "the TCP check is passing for 3 s more: the kernel accepts the connection",
         "TCP 检查在之后的 3 s 里仍是 passing：连接由内核接受");
    proc_kill_all(&stage->callee, LIMIT_MS);
    took = time_to_status(consul, "callee", "tcp", "critical");
    SEEN(took >= 0, "it ends: the TCP check is critical after %s", "进程结束：TCP 检查 %s 后变为 critical",
         duration(took));
    return true;
}

/* --- TTL --------------------------------------------------------------------------------------- */

static bool send_heartbeat(const struct server *consul)
{
    return consul_put(consul, "/v1/agent/check/pass/service:callee-1", "") == 200;
}

static bool ttl_missed(struct stage *stage)
{
    struct server *consul = &stage->world.consul;
    if (!stage_open_consul(stage, NULL) || !register_callee(stage, "callee", "callee-1", "{\"TTL\":\"4s\"}"))
        return false;
    send_heartbeat(consul);
    SEEN(time_to_passing(consul, "callee", 1) >= 0, "with heartbeats: passing (TTL 4 s)",
         "有心跳：passing（TTL 为 4 s）");
    send_heartbeat(consul);
    int64_t took = time_to_status(consul, "callee", "callee-1", "critical");
    SEEN(took >= 0, "no heartbeat: critical after %s", "没有心跳：%s 后变为 critical", duration(took));
    SEEN(consul_count(consul, "callee", true) == 0, "passing=true does not return it", "passing=true 查不到它");
    SEEN(consul_count(consul, "callee", false) == 1, "it is still registered", "它仍然处于注册状态");
    SEEN(send_heartbeat(consul) && time_to_passing(consul, "callee", 1) >= 0, "one heartbeat: passing again",
         "再来一次心跳：恢复 passing");
    return true;
}

/* --- gRPC -------------------------------------------------------------------------------------- */

static bool grpc_not_serving(struct stage *stage)
{
    struct server *consul = &stage->world.consul;
    struct err err = ERR_INIT;
    char output[OUTPUT_MAX];
    if (!stage_open_world(stage) || !stage_start_user(stage, 0, (const char *const[]){"SERVICE_CHECK=grpc", NULL}))
        return false;
    SEEN(time_to_passing(consul, "user-service", 1) >= 0, "user-service answers SERVING: passing",
         "user-service 应答 SERVING：passing");
    server_kill(&stage->world.postgres);
    int64_t took = time_to_status(consul, "user-service", "user-service-1", "critical");
    SEEN(took >= 0, "its PostgreSQL is killed, it answers NOT_SERVING: critical after %s",
         "杀掉它的 PostgreSQL，它应答 NOT_SERVING：%s 后变为 critical", duration(took));
    check_output(consul, "user-service", "user-service-1", output);
    SEEN(strstr(output, "healthy"), "Consul shows: %s", "Consul 显示：%s", output);
    if (server_start(&stage->world.postgres, &err) != 0)
        return report_error(err.text);
    took = time_to_passing(consul, "user-service", 1);
    SEEN(took >= 0, "PostgreSQL is back: passing after %s", "PostgreSQL 恢复：%s 后变为 passing", duration(took));
    return true;
}

const struct lab check_labs[] = {
    {{"III.3", "三、3"},
     {"HTTP check: which statuses are healthy", "HTTP 检查：哪些状态码算健康"},
     {"“request an HTTP interface; a 2xx reply is healthy”", "“访问 HTTP 接口，返回 2xx 为健康”"},
     HOLDS,
     {"2xx is passing. The lesson leaves out that 429 is warning, that a redirect counts as the page it leads to, and "
      "that all else, also no answer, is critical",
      "2xx 为 passing。课程没有讲到的：429 为 warning；跳转按目标页面判断；其余状态码和没有应答都是 critical"},
     http_statuses},
    {{"III.3", "三、3"},
     {"TCP check of a hung process", "进程挂起时的 TCP 检查"},
     {"“try a TCP connection; if it succeeds, the instance is healthy”", "“尝试 TCP 连接，连通为健康”"},
     HOLDS_IF,
     {"the process does not hang: a TCP check detects only that the process has ended",
      "进程没有挂起：TCP 检查只能发现进程已经结束"},
     tcp_check_of_hung_process},
    {{"III.3", "三、3"},
     {"Script check: exit codes 0, 1 and 2", "脚本检查：退出码 0、1、2"},
     {"“run a script; 0 is healthy”", "“执行脚本，返回 0 为健康”"},
     HOLDS,
     {"0 is passing. The lesson leaves out that 1 is warning; 2 is critical",
      "0 为 passing。课程没有讲到：1 为 warning；2 为 critical"},
     script_exit_codes},
    {{"III.3, VIII.6", "三、3；八、6"},
     {"TTL check: the heartbeats stop", "TTL 检查：心跳停止"},
     {"“the service sends heartbeats; without them in time it is unhealthy”, “and removed automatically”",
      "“服务定期上报心跳，超时为不健康”，“超时自动剔除”"},
     HOLDS_IF,
     {"removed means filtered: the instance is critical and stays registered (DeregisterCriticalServiceAfter reaps it, "
      "after a minute at the earliest)",
      "“剔除”指过滤：实例变为 critical，但仍处于注册状态（DeregisterCriticalServiceAfter 才会清理它，最短一分钟）"},
     ttl_missed},
    {{"III.3, IX.5", "三、3；九、5"},
     {"gRPC check: NOT_SERVING", "gRPC 检查：NOT_SERVING"},
     {"“gRPC's health check protocol”, “check what the service depends on, not only the process”",
      "“gRPC 健康检查协议”，“必须检查业务依赖，不仅是进程”"},
     HOLDS,
     {"an instance that runs but answers NOT_SERVING is critical", "进程在运行但应答 NOT_SERVING 的实例为 critical"},
     grpc_not_serving},
    {.run = NULL},
};
