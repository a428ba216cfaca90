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

/* order-service restarts with this share, because the share is a setting. */
static bool call_all(struct stage *stage, int percent, int instances, struct round *round)
{
    char setting[64];
    snprintf(setting, sizeof setting, "USER_SERVICE_CANARY=version=2.0.0:%d%%", percent);
    service_stop(&stage->orders);
    if (!stage_start_orders(stage, (const char *const[]){setting, NULL}))
        return false;
    if (time_to_view(stage, NULL, instances) < 0)
        return report_error("order-service does not find the user-services");
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
    return time_to_passing(&stage->world.consul, "user-service", 3) >= 0 ||
           report_error("the user-services are not passing");
}

/* 10 % of 200 users are 20, with a standard deviation of 4. */
static bool canary_release(struct stage *stage)
{
    static struct round none, few, all, back;
    if (!start_versions(stage) || !call_all(stage, 0, 3, &none))
        return false;
    SEEN(none.new == 0 && none.failed == 0, "two instances of 1.0.0, one of 2.0.0. At 0 %%, 2.0.0 serves %d of %d users",
         "1.0.0 两个实例，2.0.0 一个。比例 0 %%：2.0.0 服务 %d/%d 个用户", none.new, CALLERS);
    if (!call_all(stage, 10, 3, &few))
        return false;
    SEEN(few.new >= 4 && few.new <= 36 && few.failed == 0, "10 %%: %d of %d users", "10 %%：%d/%d 个用户", few.new,
         CALLERS);
    if (!call_all(stage, 100, 3, &all))
        return false;
    SEEN(all.new == CALLERS && all.failed == 0, "100 %%: %d of %d users", "100 %%：%d/%d 个用户", all.new, CALLERS);
    if (!call_all(stage, 10, 3, &back))
        return false;
    int kept = count_kept(&few, &back);
    SEEN(kept == few.new && back.new == few.new, "back to 10 %%: %d users, %d of them the same as before",
         "退回 10 %%：%d 个用户，其中 %d 个与之前相同", back.new, kept);
    if (!call_all(stage, 0, 3, &none))
        return false;
    SEEN(none.new == 0 && none.failed == 0, "back to 0 %%: %d users", "退回 0 %%：%d 个用户", none.new);
    service_stop(&stage->users[NEW]);
    if (!call_all(stage, 10, 2, &none))
        return false;
    SEEN(none.new == 0 && none.failed == 0, "2.0.0 is stopped: 1.0.0 serves all %d users, %d calls fail",
         "停掉 2.0.0：1.0.0 服务全部 %d 个用户，%d 次调用失败", CALLERS, none.failed);
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
