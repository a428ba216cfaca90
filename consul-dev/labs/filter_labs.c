/* Parts I.2, IV.4 and VIII.6 of the lesson: which instances a caller gets, and how often that changes by mistake. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "labs.h"

/* --- passing=true -------------------------------------------------------------------------------- */

static bool passing_filter(struct stage *stage)
{
    struct server *consul = &stage->world.consul;
    char status[STATUS_MAX];
    if (!stage_open_callee(stage) || !register_checked(stage, "callee", "good", "/status/200") ||
        !register_checked(stage, "callee", "warned", "/status/429") ||
        !register_checked(stage, "callee", "bad", "/status/200"))
        return false;
    bool known =
        time_to_passing(consul, "callee", 2) >= 0 && time_to_status(consul, "callee", "warned", "warning") >= 0;
    SEEN(known, "two instances are passing, one is %s", "两个实例 passing，一个 %s",
         check_status(consul, "callee", "warned", status));
    register_checked(stage, "callee", "bad", "/status/500");
    SEEN(time_to_status(consul, "callee", "bad", "critical") >= 0, "one of the two fails its check: critical",
         "其中一个检查失败：critical");
    SEEN(time_to_status(consul, "callee", "good", "passing") >= 0, "passing=true returns the passing instance",
         "passing=true 返回 passing 的实例");
    SEEN(!consul_has(consul, "callee", "bad", true), "passing=true does not return the critical one",
         "passing=true 不返回 critical 的实例");
    SEEN(!consul_has(consul, "callee", "warned", true), "passing=true does not return the one with a warning either",
         "passing=true 也不返回 warning 的实例");
    int count = consul_count(consul, "callee", false);
    SEEN(count == 3, "without it, %d instances are returned: a failed one stays registered",
         "不加它则返回 %d 个：失败的实例仍处于注册状态", count);
    return true;
}

/* --- Anti-flap ------------------------------------------------------------------------------------ */

enum { FLAP_INSTANCES = 40, FLAP_MS = 15000 };

struct flaps {
    bool passing[FLAP_INSTANCES];
    int falls; /* how often an instance that was passing was not passing any more */
};

static void count_falls(const struct server *consul, const char *name, struct flaps *flaps)
{
    char path[64];
    size_t i;
    json_t *check;
    snprintf(path, sizeof path, "/v1/health/checks/%s", name);
    json_t *checks = consul_get(consul, path);
    json_array_foreach(checks, i, check)
    {
        int number = -1;
        sscanf(json_string_value(json_object_get(check, "ServiceID")), "%*[a-z]-%d", &number);
        bool passing = strcmp(json_string_value(json_object_get(check, "Status")), "passing") == 0;
        if (number < 0 || number >= FLAP_INSTANCES)
            continue;
        flaps->falls += flaps->passing[number] && !passing;
        flaps->passing[number] = passing;
    }
    json_decref(checks);
}

static bool register_lossy(const struct stage *stage, const char *name, const char *more)
{
    for (int i = 0; i < FLAP_INSTANCES; i++) {
        char id[32], check[256];
        snprintf(id, sizeof id, "%s-%d", name, i);
        snprintf(check, sizeof check,
                 "{\"HTTP\":\"http://127.0.0.1:%d/lossy/5\",\"Interval\":\"1s\",\"Timeout\":\"1s\"%s}",
                 stage->callee_port, more);
        if (!register_callee(stage, name, id, check))
            return false;
    }
    return true;
}

struct watched {
    const struct server *consul;
    struct flaps plain, damped;
};

/* Never true: it counts until the limit. */
static bool watch_both(void *arg)
{
    struct watched *watched = arg;
    count_falls(watched->consul, "plain", &watched->plain);
    count_falls(watched->consul, "damped", &watched->damped);
    usleep(200000);
    return false;
}

static bool anti_flap(struct stage *stage)
{
    if (!stage_open_callee(stage) || !register_lossy(stage, "plain", "") ||
        !register_lossy(stage, "damped", ",\"FailuresBeforeCritical\":2"))
        return false;
    SEEN(true, "twice %d healthy instances, %d %% of the checks lost, watched for %d s",
         "两组各 %d 个健康的实例，丢失 %d %% 的检查，观察 %d s", FLAP_INSTANCES, 5, FLAP_MS / 1000);
    struct watched watched = {.consul = &stage->world.consul};
    time_until(watch_both, &watched, FLAP_MS);
    SEEN(watched.plain.falls > 0, "one failure is enough; false alarms: %d", "一次失败就算数：误报 %d 次",
         watched.plain.falls);
    SEEN(watched.damped.falls * 2 < watched.plain.falls, "with FailuresBeforeCritical=2; false alarms: %d",
         "设置 FailuresBeforeCritical=2：误报 %d 次", watched.damped.falls);
    return true;
}

const struct lab filter_labs[] = {
    {{"I.2, IV.4", "一、2；四、4"},
     {"passing=true: which instances it returns", "passing=true：返回哪些实例"},
     {"“only healthy instances are returned”, “unusable ones are removed”", "“只返回健康的实例”，“剔除不可用实例”"},
     HOLDS_IF,
     {"a warning counts as unhealthy, and removed means filtered: Consul still lists the failed instance",
      "warning 也算不健康；“剔除”指过滤：Consul 仍列出失败的实例"},
     passing_filter},
    {{"VIII.6", "八、6"},
     {"Anti-flap: 5 % of the checks are lost", "防抖动：丢失 5 % 的检查"},
     {"“anti-flap: a bad network must not take instances out and in all the time”",
      "“防抖动：避免网络抖动导致频繁上下线”"},
     HOLDS_IF,
     {"FailuresBeforeCritical is set: by default, one lost check makes an instance critical",
      "设置了 FailuresBeforeCritical：默认只要一次检查失败，实例就变为 critical"},
     anti_flap},
    {.run = NULL},
};
