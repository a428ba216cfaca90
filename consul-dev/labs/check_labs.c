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
        {"/redirect/200", "passing", {"301 to a page with 200 (Consul follows it)", "301 跳转到返回 200 的页面（Consul 会跟随跳转）"}},
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
                " check {\n args = [\"sh\", \"-c\", \"exit %d\"]\n interval = \"1s\"\n timeout = \"5s\"\n }\n}\n",
                code, code);
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

const struct lab check_labs[] = {
    {"III.3",
     {"HTTP check: which statuses are healthy", "HTTP 检查：哪些状态码算健康"},
     {"a 2xx answer is healthy", "返回 2xx 为健康"},
     HOLDS_IF,
     {"one reads on: 2xx is passing, but 429 is warning, a redirect counts as the page it leads to, and all else is critical",
      "还要补充：2xx 为健康（passing），但 429 是告警（warning），跳转按目标页面判断，其余都是异常（critical）"},
     http_statuses},
    {"III.3",
     {"Script check: exit codes 0, 1 and 2", "脚本检查：退出码 0、1、2"},
     {"a script that returns 0 is healthy", "脚本返回 0 为健康"},
     HOLDS_IF,
     {"one reads on: 0 is passing, 1 is warning, and every other code is critical",
      "还要补充：0 为健康（passing），1 为告警（warning），其他退出码都是异常（critical）"},
     script_exit_codes},
    {.run = NULL},
};
