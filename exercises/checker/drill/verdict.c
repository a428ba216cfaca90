#include "verdict.h"

#include <stdio.h>
#include <string.h>

#include "timeline.h"

enum {
    NAIVE = 0,
    NAME = 10,
    SLOW_PERCENT = 5, /* of the calls in the outage may wait: some calls must query Consul to notice that it is back */
    SLOW_FEW = 10,    /* fewer slow calls do not count: in a short outage a machine that stalls causes as many */
    LATE_MS = 500,    /* an observation is late by this at most */
};

/* One caller; a fault adds `detail` to its text. */
struct finding {
    const struct record *record;
    int index;
    const struct caller *caller;
    char detail[240];
};

/* --- Faults ---------------------------------------------------------------------------------- */

static bool crashed(struct finding *finding)
{
    const struct caller *caller = finding->caller;
    snprintf(finding->detail, sizeof finding->detail, "%.1f s: %s", (double)caller->lost_ms / 1000, caller->ended);
    return *caller->ended;
}

static bool does_not_answer(struct finding *finding)
{
    snprintf(finding->detail, sizeof finding->detail, "%.1f s", (double)finding->caller->lost_ms / 1000);
    return finding->caller->lost_ms >= 0;
}

static bool fails_before(struct finding *finding)
{
    snprintf(finding->detail, sizeof finding->detail, "%s", finding->caller->error);
    return record_sum(finding->record, finding->index, BEFORE).failed > 0;
}

static bool keeps_no_list(struct finding *finding)
{
    return !record_keeps_list(finding->record, finding->index);
}

/* The last observation before the outage counts: on a busy machine a refresh may take a while. */
static bool never_refreshes(struct finding *finding)
{
    int last = 0;
    while (last + 1 < finding->record->steps && record_phase(finding->record, last + 1) & (EARLY | BEFORE))
        last++;
    return finding->caller->seen[last].age_ms > TTL_MS + 2 * LATE_MS;
}

/* The first observation of the list when calls began to fail: it shows which step is missing. NULL: no call failed. */
static const struct half_second *first_failure(const struct finding *finding)
{
    struct sum sum = record_sum(finding->record, finding->index, OUTAGE | AFTER);
    if (!sum.failed)
        return NULL;
    int step = sum.first_failed;
    while (!finding->caller->seen[step].answered && step + 1 < finding->record->steps)
        step++;
    return &finding->caller->seen[step];
}

static bool fails_with_an_empty_list(struct finding *finding)
{
    const struct half_second *first = first_failure(finding);
    return first && first->answered && first->instances == 0;
}

static bool fails_with_a_stale_list(struct finding *finding)
{
    const struct half_second *first = first_failure(finding);
    return first && first->age_ms > TTL_MS - LATE_MS;
}

static bool fails_with_a_fresh_list(struct finding *finding)
{
    return first_failure(finding) != NULL;
}

static bool waits_each_time(struct finding *finding)
{
    struct sum sum = record_sum(finding->record, finding->index, OUTAGE);
    snprintf(finding->detail, sizeof finding->detail, "%d/%d", sum.slow, sum.ok + sum.failed);
    return sum.slow >= SLOW_FEW && sum.slow * 100 > (sum.ok + sum.failed) * SLOW_PERCENT;
}

static bool does_not_return(struct finding *finding)
{
    for (int step = 0; step < finding->record->steps; step++)
        if (record_phase(finding->record, step) == AFTER && strcmp(finding->caller->seen[step].source, "consul") == 0)
            return false;
    return true;
}

/* Only the first that applies is printed: it explains the others. A text may show the detail, as %s. */
static const struct fault {
    bool (*applies)(struct finding *finding);
    struct text text;
} faults[] = {
    {crashed,
     {"it ended after %s. One process serves all requests: a crash in one of them ends them all",
      "它退出了（%s）。所有请求由同一个进程处理：一个请求崩溃，其余请求也随之失败"}},
    {does_not_answer,
     {"it has not answered since %s: get_instances() does not return (an endless loop?). One thread serves all "
      "requests: while one of them keeps it busy, all others wait",
      "从第 %s 起它不再响应：get_instances() 没有返回（死循环？）。所有请求由同一个线程处理：一个请求占住它，其余的都要等"}},
    {fails_before,
     {"its calls failed while Consul worked. Its message: %s",
      "Consul 正常时就有调用失败。它的错误信息：%s"}},
    {keeps_no_list,
     {"it caches nothing (e->filled is never true), so each call queries Consul and fails when Consul is down. The "
      "lesson's step 1 (先查缓存): first the cache",
      "它没有缓存任何列表（e->filled 一直是 false），每次调用都查询 Consul，Consul 停止后调用就失败。课程第 1 步：先查缓存"}},
    {never_refreshes,
     {"its list grew older than the TTL while Consul worked: it is cached forever, so an instance that moves is never "
      "found. The lesson's step 2 (缓存过期，查 Consul): expired, so query Consul",
      "Consul 正常时它的列表就已超过 TTL：缓存永不过期，实例换了地址也不会发现。课程第 2 步：缓存过期，查 Consul"}},
    {fails_with_an_empty_list,
     {"it accepted an empty list and had no instance left to call, though all instances ran. The bonus: an instance "
      "that disappears from the list may still be running; do not accept a list that is suddenly empty",
      "它接受了空列表，于是没有实例可以调用，但实例都在运行。加分项：实例从列表中消失，不等于已经下线；突然变空的列表不能采用"}},
    {fails_with_a_stale_list,
     {"its calls failed as soon as its list had expired: it threw the old list away. The lesson's step 3 "
      "(Consul 挂了，返回缓存): an old list is better than none",
      "列表一过期，调用就失败：旧列表被丢弃了。课程第 3 步：Consul 挂了，返回缓存；旧列表总比没有好"}},
    {fails_with_a_fresh_list,
     {"its calls failed, though its list was fresh. The lesson's step 1 (先查缓存): first the cache",
      "列表仍新鲜，调用却失败了。课程第 1 步：先查缓存"}},
    {waits_each_time,
     {"%s of its calls in the outage waited for Consul. Level 2: after a failed query, do not query again for a while "
      "(next_try_ms, set before the query)",
      "故障期间有 %s 的调用在等待 Consul。第 2 关：查询失败后，隔一段时间再查（next_try_ms，要在查询之前设置）"}},
    {does_not_return,
     {"Consul is back, but its list is not in use again: after an error Consul is never queried again",
      "Consul 已恢复，但没有重新使用它的列表：出错之后再也没有查询"}},
};

/* --- Print ----------------------------------------------------------------------------------- */

static const struct fault *fault_of(struct finding *finding)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i].applies(finding))
            return &faults[i];
    return NULL;
}

static void print_counts(const struct record *record)
{
    printf("\n");
    print_padded("", NAME);
    printf("%s\n", text_of(TEXT("    ok  failed    slow (of the calls; slow: over 0.75 s)",
                                "  成功    失败      慢（调用次数；慢：超过 0.75 秒）")));
    for (int i = 0; i < record->callers; i++) {
        struct sum sum = record_sum(record, i, ALWAYS);
        print_padded(text_of(record->caller[i].name), NAME);
        printf("%6d  %6d  %6d\n", sum.ok, sum.failed, sum.slow);
    }
    printf("\n");
}

static void print_naive(const struct record *record)
{
    struct sum sum = record_sum(record, NAIVE, OUTAGE | AFTER);
    printf(
        text_of(TEXT("- %s: %d calls failed, %d waited: it queries Consul before each call, so it fails whenever Consul does.\n",
                     "- %s：%d 次调用失败，%d 次变慢：每次调用前都查询 Consul，Consul 一出故障，调用就失败。\n")),
        text_of(record->caller[NAIVE].name), sum.failed, sum.slow);
}

static void print_success(const struct record *record, int i)
{
    int64_t oldest_ms = 0;
    for (int step = 0; step < record->steps; step++)
        if (record->caller[i].seen[step].age_ms > oldest_ms)
            oldest_ms = record->caller[i].seen[step].age_ms;
    printf(text_of(TEXT("✓ %s: no call failed. Its list was up to %.1f s old, and Consul's is in use again.\n",
                        "✓ %s：没有一次调用失败。列表最旧时为 %.1f 秒前的，现在已重新使用 Consul 的列表。\n")),
           text_of(record->caller[i].name), (double)oldest_ms / 1000);
}

static bool print_caller(const struct record *record, int i)
{
    struct finding finding = {.record = record, .index = i, .caller = &record->caller[i]};
    const struct fault *fault = fault_of(&finding);
    if (!fault) {
        print_success(record, i);
        return true;
    }
    printf(text_of(TEXT("✗ %s: ", "✗ %s：")), text_of(finding.caller->name));
    printf(text_of(fault->text), finding.detail);
    printf("%s\n", text_of(TEXT(".", "。")));
    return false;
}

bool verdict_print(const struct record *record)
{
    bool good = true;
    print_counts(record);
    print_naive(record);
    for (int i = NAIVE + 1; i < record->callers; i++)
        good = print_caller(record, i) && good;
    if (!good)
        printf("%s\n", text_of(TEXT("make exercise N=3 checks get_instances() step by step.",
                                    "make exercise N=3 会逐项检查 get_instances()。")));
    return good;
}
