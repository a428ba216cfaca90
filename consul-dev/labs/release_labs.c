/* Part I.3 of the lesson: the registry stores the version of an instance, so a caller can choose by it. */
#include <stdio.h>
#include <string.h>

#include "labs.h"

enum { CALLERS = 200, NEW = 2 }; /* users that call; the user-service of the new version */

/* Which users the new version serves. */
struct round {
    bool is_new[CALLERS];
    int new, failed;
};

/* /discovery/explain names the share that is in use. */
struct wanted {
    const struct service *orders;
    char share[40];
};

static bool is_in_use(void *arg)
{
    const struct wanted *wanted = arg;
    struct probe_reply reply = {0};
    char url[SERVICE_URL_MAX];
    service_url(wanted->orders, "/discovery/explain?service=user-service&key=1", url);
    bool is = probe_get(NULL, url, &reply) == 200 && strstr(buf_text(&reply.body), wanted->share);
    probe_reply_close(&reply);
    return is;
}

/* order-service watches this key, so a release needs no restart. */
static bool set_share(const struct stage *stage, int percent)
{
    struct wanted wanted = {.orders = &stage->orders};
    char value[32];
    snprintf(value, sizeof value, "version=2.0.0:%d%%", percent);
    snprintf(wanted.share, sizeof wanted.share, "(%s)", value);
    if (consul_put(&stage->world.consul, "/v1/kv/config/order-service/USER_SERVICE_CANARY", value) != 200)
        return report_error("cannot write to Consul KV");
    return time_until(is_in_use, &wanted, LIMIT_MS) >= 0 || report_error("order-service does not use the new share");
}

static void call_all(const struct stage *stage, struct round *round)
{
    struct probe *probe = probe_new();
    *round = (struct round){.new = 0};
    for (int i = 0; i < CALLERS; i++) {
        struct called called;
        view_call(probe, &stage->orders, i + 1, &called);
        round->is_new[i] = strcmp(called.upstream, "user-service-3") == 0;
        round->new += round->is_new[i];
        round->failed += called.status != 200;
    }
    probe_free(probe);
}

static bool call_at(const struct stage *stage, int percent, struct round *round)
{
    if (!set_share(stage, percent))
        return false;
    call_all(stage, round);
    return true;
}

/* How many users of `few` the new version serves in `now`, too. */
static int count_kept(const struct round *few, const struct round *now)
{
    int kept = 0;
    for (int i = 0; i < CALLERS; i++)
        kept += few->is_new[i] && now->is_new[i];
    return kept;
}

static bool start_versions(struct stage *stage)
{
    if (!stage_open_world(stage))
        return false;
    for (int i = 0; i <= NEW; i++) {
        const char *version = i == NEW ? "SERVICE_VERSION=2.0.0" : "SERVICE_VERSION=1.0.0";
        if (!stage_start_user(stage, i, (const char *const[]){version, NULL}))
            return false;
    }
    if (time_to_passing(&stage->world.consul, "user-service", 3) < 0)
        return report_error("the user-services are not passing");
    return stage_start_orders(stage, NULL) &&
           (time_to_view(stage, NULL, 3) >= 0 || report_error("order-service does not find the user-services"));
}

/* 10 % of 200 users are 20, with a standard deviation of 4. */
static bool canary_release(struct stage *stage)
{
    static struct round none, few, all, back;
    if (!start_versions(stage) || !call_at(stage, 0, &none))
        return false;
    SEEN(none.new == 0 && none.failed == 0,
         "two instances of 1.0.0, one of 2.0.0. At 0 %%, 2.0.0 serves %d of %d users",
         "1.0.0 两个实例，2.0.0 一个。比例 0 %%：2.0.0 服务 %d/%d 个用户", none.new, CALLERS);
    if (!call_at(stage, 10, &few))
        return false;
    SEEN(few.new >= 4 && few.new <= 36 && few.failed == 0, "10 %%: %d of %d users", "10 %%：%d/%d 个用户", few.new,
         CALLERS);
    if (!call_at(stage, 100, &all))
        return false;
    SEEN(all.new == CALLERS && all.failed == 0, "100 %%: %d of %d users", "100 %%：%d/%d 个用户", all.new, CALLERS);
    if (!call_at(stage, 10, &back))
        return false;
    int kept = count_kept(&few, &back);
    SEEN(kept == few.new && back.new == few.new, "back to 10 %%: %d users, %d of them the same as before",
         "退回 10 %%：%d 个用户，其中 %d 个与之前相同", back.new, kept);
    if (!call_at(stage, 0, &none))
        return false;
    SEEN(none.new == 0 && none.failed == 0, "back to 0 %%: %d users", "退回 0 %%：%d 个用户", none.new);
    if (!set_share(stage, 100))
        return false;
    service_stop(&stage->users[NEW]);
    call_all(stage, &none);
    SEEN(none.new == 0 && none.failed == 0, "100 %%, and 2.0.0 is stopped: 1.0.0 serves all %d users, %d calls fail",
         "100 %%，并停掉 2.0.0：1.0.0 服务全部 %d 个用户，%d 次调用失败", CALLERS, none.failed);
    return true;
}

const struct lab release_labs[] = {
    {{"I.3", "一、3"},
     {"Release a new version: 0 %, 10 %, 100 %, and back", "发布新版本：0 %、10 %、100 %，再退回"},
     {"“store a service's version, zone, weight and the like”",
      "“元数据存储：存储服务的版本、区域、权重等信息”"},
     HOLDS,
     {"a caller can give a new version a share of the users; a hash of the id keeps each user on one version",
      "调用方可以让新版本只服务一部分用户；由用户 id 的哈希值决定，同一个用户始终使用同一个版本"},
     canary_release},
    {.run = NULL},
};
