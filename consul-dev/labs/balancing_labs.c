/* Part V.2 of the lesson: how order-service shares out its calls. */
#include <stdio.h>
#include <string.h>

#include "labs.h"

/* Starts three user-services, and an order-service with a policy: "LB_POLICY=random"; NULL: the default. */
static bool start_with(struct stage *stage, const char *policy)
{
    for (int i = 0; i < 3; i++)
        if (!stage_start_user(stage, i, NULL))
            return false;
    if (time_to_passing(&stage->world.consul, "user-service", 3) < 0)
        return report_error("the user-services are not passing");
    return stage_start_orders(stage, (const char *const[]){policy, NULL});
}

/* Counts the calls that each user-service gets. */
static void count_picks(const struct stage *stage, int calls, int picks[STAGE_USERS])
{
    struct probe *probe = probe_new();
    memset(picks, 0, STAGE_USERS * sizeof *picks);
    for (int i = 1; i <= calls; i++) {
        struct called called;
        int number = 0;
        view_call(probe, &stage->orders, i, &called);
        if (sscanf(called.upstream, "user-service-%d", &number) == 1 && number >= 1 && number <= STAGE_USERS)
            picks[number - 1]++;
    }
    probe_free(probe);
}

/* --- Policies ------------------------------------------------------------------------------------- */

static bool round_robin_and_random(struct stage *stage)
{
    int picks[STAGE_USERS];
    if (!stage_open_world(stage) || !start_with(stage, "LB_POLICY=round_robin"))
        return false;
    count_picks(stage, 30, picks);
    SEEN(picks[0] == 10 && picks[1] == 10 && picks[2] == 10, "round robin, 30 calls: %d, %d, %d",
         "轮询，30 次调用：%d、%d、%d", picks[0], picks[1], picks[2]);
    service_stop(&stage->orders);
    if (!stage_start_orders(stage, (const char *const[]){"LB_POLICY=random", NULL}))
        return false;
    count_picks(stage, 300, picks);
    /* 100 each on average, with a standard deviation of 8. */
    SEEN(picks[0] > 50 && picks[1] > 50 && picks[2] > 50 && picks[0] + picks[1] + picks[2] == 300,
         "random, 300 calls: %d, %d, %d", "随机，300 次调用：%d、%d、%d", picks[0], picks[1], picks[2]);
    return true;
}

static bool weighted(struct stage *stage)
{
    int picks[STAGE_USERS], total[STAGE_USERS] = {0}, exact = 0;
    static const char *const weights[2] = {"SERVICE_WEIGHT=3", "SERVICE_WEIGHT=1"};
    if (!stage_open_world(stage))
        return false;
    for (int i = 0; i < 2; i++)
        if (!stage_start_user(stage, i, (const char *const[]){weights[i], NULL}))
            return false;
    if (time_to_passing(&stage->world.consul, "user-service", 2) < 0)
        return report_error("the user-services are not passing");
    if (!stage_start_orders(stage, (const char *const[]){"LB_POLICY=weighted", NULL}))
        return false;
    for (int round = 0; round < 10; round++) {
        count_picks(stage, 4, picks);
        exact += picks[0] == 3 && picks[1] == 1;
        total[0] += picks[0], total[1] += picks[1];
    }
    SEEN(total[0] == 30 && total[1] == 10, "weights 3 and 1, 40 calls: %d and %d", "权重 3 和 1，40 次调用：%d 和 %d",
         total[0], total[1]);
    SEEN(exact == 10, "%d of 10 groups of 4 calls: 3 to one, 1 to the other",
         "每 4 次一组，10 组中 %d 组：一个 3 次，另一个 1 次", exact);
    return true;
}

enum { KEYS = 60 };

static void upstreams(const struct stage *stage, char out[KEYS][64])
{
    struct probe *probe = probe_new();
    for (int i = 0; i < KEYS; i++) {
        struct called called;
        view_call(probe, &stage->orders, i + 1, &called);
        snprintf(out[i], sizeof out[i], "%s", called.upstream);
    }
    probe_free(probe);
}

static bool knows_four(void *arg)
{
    const struct stage *stage = arg;
    struct view view;
    view_take(&stage->orders, "user-service", &view);
    return view.usable == 4;
}

static bool consistent_hash(struct stage *stage)
{
    static char before[KEYS][64], again[KEYS][64], after[KEYS][64];
    int same = 0, moved = 0, moved_elsewhere = 0;
    if (!stage_open_world(stage) || !start_with(stage, "LB_POLICY=consistent_hash"))
        return false;
    upstreams(stage, before);
    upstreams(stage, again);
    if (!stage_start_user(stage, 3, NULL))
        return false;
    if (time_until(knows_four, stage, LIMIT_MS) < 0)
        return report_error("order-service does not find the fourth user-service");
    upstreams(stage, after);
    for (int i = 0; i < KEYS; i++) {
        same += *before[i] && strcmp(before[i], again[i]) == 0;
        moved += strcmp(before[i], after[i]) != 0;
        moved_elsewhere += strcmp(before[i], after[i]) != 0 && strcmp(after[i], "user-service-4") != 0;
    }
    SEEN(same == KEYS, "3 instances: %d of %d keys go to the same instance again",
         "3 个实例：%d/%d 个键再次路由到同一实例", same, KEYS);
    SEEN(moved > 0 && moved < KEYS / 2, "a fourth instance: %d of %d keys move", "增加第 4 个实例：%d/%d 个键换了实例",
         moved, KEYS);
    SEEN(moved_elsewhere == 0, "%d of them move between the old instances", "其中在原有实例之间移动的有 %d 个",
         moved_elsewhere);
    return true;
}

const struct lab balancing_labs[] = {
    {{"V.1, V.2", "五、1；五、2"},
     {"Round robin and random", "轮询与随机"},
     {"“the client selects an instance by itself (random, round robin, weighted)”",
      "“客户端自己选择实例（随机、轮询、加权）”"},
     HOLDS,
     {"round robin is exactly even, random only on average", "轮询严格均匀，随机只是平均上均匀"},
     round_robin_and_random},
    {{"V.2, X.2", "五、2；十、练习 2"},
     {"Weights 3 and 1", "权重 3 和 1"},
     {"“instance A has weight 3”, “instance B has weight 1”, “of 4 requests, A gets 3 and B gets 1”",
      "“实例 A 权重 3”，“实例 B 权重 1”，“4 次请求中，A 被选 3 次，B 被选 1 次”"},
     HOLDS,
     {"smooth weighted round robin keeps it in each group of four", "平滑加权轮询在每一组 4 次中都做到"},
     weighted},
    {{"V.2", "五、2"},
     {"Consistent hash: one key, one instance", "一致性哈希：相同的键，同一个实例"},
     {"“the same key always goes to the same instance”", "“相同 key 始终路由到同一实例”"},
     HOLDS_IF,
     {"the list of instances stays the same; with a new instance, only the keys that it takes over move",
      "实例列表不变；增加一个实例时，只有它接管的键会换实例"},
     consistent_hash},
    {.run = NULL},
};
