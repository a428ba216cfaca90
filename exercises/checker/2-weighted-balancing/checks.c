/* The checks of exercise 2, in the order in which a learner meets them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checker/exercise.h"
#include "fleet.h"
#include "real.h"

static int weight_sum(const struct fleet *fleet)
{
    int sum = 0;
    for (int i = 0; i < fleet->n; i++)
        sum += fleet->peers[i].weight;
    return sum;
}

static bool is_exact(const struct fleet *fleet, const struct round *round)
{
    for (int i = 0; i < fleet->n; i++)
        if (round->counts[i] != fleet->peers[i].weight)
            return false;
    return true;
}

static void expected_counts(const struct fleet *fleet, char out[128])
{
    int weights[FLEET_MAX];
    for (int i = 0; i < fleet->n; i++)
        weights[i] = fleet->peers[i].weight;
    fleet_counts(fleet, weights, out);
}

/* --- Exact shares ------------------------------------------------------------------------- */

static const struct text pays_wrong = {
    ": the sum of all `current` was 0 at first, but is not 0 after a whole round: the picked instance must pay what all "
    "instances earn in one request",
    "：所有 current 之和起初是 0，一整轮之后却不是 0：被选中的实例要扣除所有实例在一次请求中增加的总和"};

/* Does the answer call a random number generator? (exercises/run lists its calls in EXERCISE_CALLS.) */
static bool calls_random(void)
{
    static const char *const generators[] = {" rand ", " rand_r ", " random ", " drand48 ", " lrand48 ", " arc4random ", " getrandom "};
    const char *calls = getenv("EXERCISE_CALLS");
    for (size_t i = 0; calls && i < sizeof generators / sizeof *generators; i++)
        if (strstr(calls, generators[i]))
            return true;
    return false;
}

/* Are the counts the same with the weights reversed? */
static bool ignores_weights(const int weights[], int n, const struct round *first)
{
    int reversed[FLEET_MAX];
    for (int i = 0; i < n; i++)
        reversed[i] = weights[n - 1 - i];
    struct fleet fleet = fleet_of(n, reversed);
    struct round round = fleet_round(&fleet, weight_sum(&fleet));
    return memcmp(reversed, weights, (size_t)n * sizeof *weights) != 0 &&
           memcmp(round.counts, first->counts, sizeof round.counts) == 0;
}

/* For answers that earn and pay in `current`: is the sum not 0 after some rounds? */
static bool does_not_add_up(const int weights[], int n)
{
    enum { ROUNDS = 10 };
    struct fleet fleet = fleet_of(n, weights);
    int sum = 0, picked = fleet_pick(&fleet);
    for (int i = 0; i < n; i++)
        if (i != picked && fleet.peers[i].current != weights[i])
            return false; /* `current` is something else here */
    fleet_round(&fleet, ROUNDS * weight_sum(&fleet) - 1);
    for (int i = 0; i < n; i++)
        sum += fleet.peers[i].current;
    return sum != 0;
}

static bool rounds_differ(const int weights[], int n, const struct round *first)
{
    enum { LOOKED_AT = 25 };
    struct fleet fleet = fleet_of(n, weights);
    bool differ = false;
    for (int i = 0; i < LOOKED_AT; i++) {
        struct round round = fleet_round(&fleet, weight_sum(&fleet));
        differ |= memcmp(round.counts, first->counts, sizeof round.counts) != 0;
    }
    return differ;
}

/* The likely reason for wrong shares: the most frequent mistakes. */
static const char *likely_cause(const int weights[], int n, const struct round *first)
{
    int used = 0, equal = 1;
    for (int i = 0; i < n; i++) {
        used += first->counts[i] > 0;
        equal &= first->counts[i] == first->counts[0];
    }
    bool differ = rounds_differ(weights, n, first);
    if (differ && calls_random())
        return text_of(TEXT(": and the counts differ in each round. A random choice by weight is right only on average; "
                            "each round has to be exact",
                            "：而且每一轮的次数都不一样。按权重随机只在平均意义上正确；每一轮都必须精确"));
    if (first->none)
        return text_of(TEXT(": it returned -1 (no instance), although there are instances", "：有实例却没有选（返回了 -1）"));
    if (does_not_add_up(weights, n))
        return text_of(pays_wrong);
    if (used == 1)
        return text_of(TEXT(": always the same one", "：总是同一个"));
    if (equal)
        return text_of(TEXT(": each instance gets the same number, as in plain round robin: the weights are not used",
                            "：每个实例次数相同，这是普通的轮询：没有用到权重"));
    if (ignores_weights(weights, n, first))
        return text_of(TEXT(": and the result is the same with the weights reversed. Are the weights used?",
                            "：把权重对调，结果还是一样。用到权重了吗？"));
    return differ ? text_of(TEXT(": and the counts of the next round differ: each round has to be exact",
                                 "：而且下一轮的次数又不一样：每一轮都必须精确"))
                  : "";
}

/* Ten rounds of as many requests as the weights' sum: each has to be exact. */
static void require_exact(int n, const int weights[])
{
    struct fleet fleet = fleet_of(n, weights);
    int requests = weight_sum(&fleet);
    char expected[128], seen[128];
    expected_counts(&fleet, expected);
    set_context(TEXT("weights %s, %d requests", "权重 %s，%d 次请求"), expected, requests);
    for (int round = 0; round < 10; round++) {
        struct round got = fleet_round(&fleet, requests);
        if (is_exact(&fleet, &got))
            continue;
        fleet_counts(&fleet, got.counts, seen);
        if (round == 0)
            fail(TEXT("%d requests: expected %s, got %s (%s)%s", "%d 次请求：期望 %s，实际 %s（%s）%s"), requests, expected,
                 seen, got.order, likely_cause(weights, n, &got));
        fail(TEXT("requests %d to %d: expected %s, got %s (%s)%s", "第 %d 到 %d 次请求：期望 %s，实际 %s（%s）%s"),
             round * requests + 1, (round + 1) * requests, expected, seen, got.order,
             does_not_add_up(weights, n) ? text_of(pays_wrong) : text_of(TEXT(", though the first round was right", "，但第一轮是对的")));
    }
}

static void shares_3_to_1(void)
{
    require_exact(2, (int[]){3, 1});
}

static void other_weights(void)
{
    require_exact(2, (int[]){1, 3});
    require_exact(3, (int[]){5, 1, 1});
    require_exact(2, (int[]){2, 2});
    require_exact(4, (int[]){1, 2, 3, 7});
    require_exact(2, (int[]){1000, 1});
}

/* --- No instance, one, many ------------------------------------------------------------------- */

static void require_no_pick(int n, struct text when)
{
    struct fleet fleet = fleet_of(n, (int[2]){0, 0});
    set_context(when);
    int picked = fleet_pick(&fleet);
    if (picked != -1)
        fail(TEXT("%s: expected -1 (no instance), got %d", "%s：应返回 -1（没有可选的），实际返回 %d"), text_of(when), picked);
}

static void weight_0(void)
{
    struct fleet some = fleet_of(3, (int[]){3, 0, 1});
    set_context(TEXT("weights A=3 B=0 C=1", "权重 A=3 B=0 C=1"));
    struct round round = fleet_round(&some, 40);
    if (round.counts[1])
        fail(TEXT("weights A=3 B=0 C=1: B was picked %d times in 40 requests, but weight 0 means never",
                  "权重 A=3 B=0 C=1：40 次请求中 B 被选了 %d 次，但权重 0 表示从不选它"),
             round.counts[1]);
    if (round.counts[0] != 30 || round.counts[2] != 10)
        fail(TEXT("weights A=3 B=0 C=1: expected A=30 C=10 of 40, got A=%d C=%d",
                  "权重 A=3 B=0 C=1：40 次应为 A=30 C=10，实际 A=%d C=%d"),
             round.counts[0], round.counts[2]);

    require_no_pick(2, TEXT("weights A=0 B=0", "权重 A=0 B=0"));
    require_no_pick(1, TEXT("one instance, its weight is 0", "只有一个实例，权重为 0"));
}

static void one_or_none(void)
{
    struct fleet one = fleet_of(1, (int[]){2}), none = fleet_of(0, NULL);
    set_context(TEXT("one instance", "只有一个实例"));
    int picked = 0;
    for (int i = 0; i < 5 && picked == 0; i++)
        picked = fleet_pick(&one);
    if (picked != 0)
        fail(TEXT("one instance: expected 0 each time, got %d", "只有一个实例：每次都应返回 0，实际返回 %d"), picked);
    set_context(TEXT("an empty list", "空列表"));
    picked = fleet_pick(&none);
    if (picked != -1)
        fail(TEXT("an empty list: expected -1 (no instance), got %d (pitfall 4)",
                  "空列表：应返回 -1（没有可选的），实际返回 %d（坑点 4）"),
             picked);
}

/* 200 instances of weight 1, for one round. */
static void many(void)
{
    int weights[FLEET_MAX];
    for (int i = 0; i < FLEET_MAX; i++)
        weights[i] = 1;
    struct fleet fleet = fleet_of(FLEET_MAX, weights);
    set_context(TEXT("%d instances", "%d 个实例"), FLEET_MAX);
    struct round round = fleet_round(&fleet, FLEET_MAX);
    for (int i = 0; i < FLEET_MAX; i++)
        if (round.counts[i] != 1)
            fail(TEXT("%d instances of weight 1, %d requests: each should get one, but %s got %d",
                      "%d 个实例，权重都是 1，%d 次请求：每个应得 1 次，%s 却得了 %d 次"),
                 FLEET_MAX, FLEET_MAX, fleet.peers[i].id, round.counts[i]);
}

static void few_and_many(void)
{
    one_or_none();
    many();
}

/* --- The list changes -------------------------------------------------------------------------- */

static void require_about(struct fleet *fleet, struct text when)
{
    enum { ROUNDS = 20, SLACK = 4 };
    int sum = weight_sum(fleet);
    struct round round = fleet_round(fleet, ROUNDS * sum);
    for (int i = 0; i < fleet->n; i++) {
        int expected = ROUNDS * fleet->peers[i].weight, off = round.counts[i] - expected;
        if (off < -SLACK || off > SLACK)
            fail(TEXT("%s: of the next %d requests %s should get about %d, but got %d",
                      "%s：接下来的 %d 次请求中 %s 应得约 %d 次，实际 %d 次"),
                 text_of(when), ROUNDS * sum, fleet->peers[i].id, expected, round.counts[i]);
    }
}

static void instances_come_and_go(void)
{
    struct fleet fleet = fleet_of(2, (int[]){3, 1});
    fleet_round(&fleet, 2);

    struct text joined = TEXT("after C (weight 1) joined, in front", "C（权重 1）加入并排到最前之后");
    set_context(joined);
    fleet.peers[2] = fleet.peers[1];
    fleet.peers[1] = fleet.peers[0];
    fleet.peers[0] = (struct peer){.id = "C", .weight = 1};
    fleet.n = 3;
    require_about(&fleet, joined);

    struct text left = TEXT("after A (weight 3) left", "A（权重 3）离开之后");
    set_context(left);
    fleet_pick(&fleet);
    fleet.peers[1] = fleet.peers[2];
    fleet.n = 2;
    require_about(&fleet, left);

    struct text back = TEXT("after A (weight 3) came back", "A（权重 3）回来之后");
    set_context(back);
    fleet.peers[2] = (struct peer){.id = "A", .weight = 3};
    fleet.n = 3;
    require_about(&fleet, back);
}

/* --- Smooth ---------------------------------------------------------------------------------------- */

/* After any number of requests, each instance is within one request of its share. */
static void smooth(void)
{
    struct fleet fleet = fleet_of(3, (int[]){5, 1, 1});
    int sum = weight_sum(&fleet), counts[FLEET_MAX] = {0};
    set_context(TEXT("weights A=5 B=1 C=1", "权重 A=5 B=1 C=1"));
    for (int t = 1; t <= 10 * sum; t++) {
        int picked = fleet_pick(&fleet);
        if (picked >= 0)
            counts[picked]++;
        for (int i = 0; i < fleet.n; i++) {
            int off = counts[i] * sum - t * fleet.peers[i].weight; /* multiplied by sum, to stay in whole numbers */
            if (off <= -sum || off >= sum)
                fail(TEXT("smooth at 5:1:1: after %d requests %s got %d, its share is %.1f: spread the requests (A A B A C A A)",
                          "5:1:1 时不够平滑：%d 次请求后 %s 得了 %d 次，应得 %.1f 次：请把请求错开（A A B A C A A）"),
                     t, fleet.peers[i].id, counts[i], (double)t * fleet.peers[i].weight / sum);
        }
    }
}

static const struct check checks[] = {
    {.title = {"weights 3 and 1: of 4 requests A gets 3, B gets 1", "权重 3 和 1：4 次请求 A 得 3 次，B 得 1 次"},
     .function = "weighted_pick",
     .run = shares_3_to_1},
    {.title = {"other weights: each gets exactly its share", "其他权重：每个实例得到的次数正好等于权重"},
     .function = "weighted_pick",
     .run = other_weights},
    {.title = {"weight 0 is never picked; all weights 0: -1", "权重 0 从不被选；权重全为 0 时返回 -1"},
     .function = "weighted_pick",
     .run = weight_0},
    {.title = {"one instance, no instance, many instances", "一个实例、没有实例、很多实例"},
     .function = "weighted_pick",
     .run = few_and_many},
    {.title = {"instances come and go between picks", "两次选择之间实例有增有减"},
     .function = "weighted_pick",
     .run = instances_come_and_go},
    {.title = {"for real: your balancer in order-service, a real Consul, two user-services with weights 3 and 1",
               "真实运行：你的均衡器在 order-service 中运行，真实的 Consul，两个 user-service，权重 3 和 1"},
     .function = "weighted_pick",
     .run = real_calls,
     .real = true,
     .limit_s = CHECK_REAL_LIMIT_S},
    {.title = {"smooth: at 5:1:1 no instance is ever a whole request ahead or behind", "平滑：5:1:1 时，任何时刻的偏差都不到一次请求"},
     .function = "weighted_pick",
     .run = smooth,
     .bonus = true},
};

int main(int argc, char **argv)
{
    static const struct exercise exercise = {
        .number = 2,
        .lesson = {"exercise 2", "练习 2"},
        .checks = checks,
        .count = sizeof checks / sizeof *checks,
    };
    return exercise_main(&exercise, argc, argv);
}
