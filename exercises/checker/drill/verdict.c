#include "verdict.h"

#include <stdio.h>
#include <string.h>

#include "timeline.h"

enum {
    NAIVE = 0,
    NAME = 10,
    SLOW_PERCENT = 5, /* of the calls in the outage may wait: somebody has to ask whether Consul is back */
    SLOW_FEW = 10,    /* are nothing, in an outage that is short: a machine that stands still has as many */
    LATE_MS = 500,    /* a look is that late at most */
};

/* What is known of one caller; `detail` is what a fault has to add to its text. */
struct finding {
    const struct record *record;
    int index;
    const struct caller *caller;
    char detail[240];
};

/* --- What can be wrong ---------------------------------------------------------------------- */

static bool crashed(struct finding *finding)
{
    const struct caller *caller = finding->caller;
    snprintf(finding->detail, sizeof finding->detail, "%.1f s: %s", (double)caller->lost_ms / 1000, caller->ended);
    return *caller->ended;
}

static bool answers_nothing(struct finding *finding)
{
    snprintf(finding->detail, sizeof finding->detail, "%.1f s", (double)finding->caller->lost_ms / 1000);
    return finding->caller->lost_ms >= 0;
}

static bool fails_before(struct finding *finding)
{
    snprintf(finding->detail, sizeof finding->detail, "%s", finding->caller->complaint);
    return record_sum(finding->record, finding->index, BEFORE).failed > 0;
}

static bool keeps_no_list(struct finding *finding)
{
    for (int step = 0; step < finding->record->steps; step++)
        if (*finding->caller->seen[step].source)
            return false;
    return true;
}

/* By the last look before the outage: at a busy time to renew a list may take a while. */
static bool never_asks_again(struct finding *finding)
{
    int last = 0;
    while (last + 1 < finding->record->steps && record_phase(finding->record, last + 1) == BEFORE)
        last++;
    return finding->caller->seen[last].age_ms > TTL_MS + 2 * LATE_MS;
}

/* What the list was like when the first call failed, by the first look from then on that was answered, says which
 * step is missing. NULL: none failed. */
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

/* The first that applies is told: it explains those that come after it. A text may show the detail, as %s. */
static const struct fault {
    bool (*applies)(struct finding *finding);
    struct text text;
} faults[] = {
    {crashed,
     {"it ended after %s. One process serves all requests: what one of them breaks, all of them lose",
      "它退出了（%s）。一个进程服务所有请求：一个请求出错，全部请求受害"}},
    {answers_nothing,
     {"it answers nothing since %s: get_instances() does not come back (a loop without end?). One thread serves all "
      "requests: while one of them keeps it busy, all others stand still",
      "从第 %s 起它不再回答：get_instances() 没有返回（死循环？）。一个线程服务所有请求：一个请求占住它，其余的都停住"}},
    {fails_before,
     {"its calls failed while Consul was well. It said: %s",
      "Consul 正常时就有调用失败。它说：%s"}},
    {keeps_no_list,
     {"it remembers nothing (e->filled is never true), so each call asks Consul, and fails with it. The lesson's "
      "step 1: 先查缓存, first the cache",
      "它什么也没记住（e->filled 一直是 false），每次调用都查 Consul，Consul 一停就失败。课程第 1 步：先查缓存"}},
    {never_asks_again,
     {"its list grew older than the TTL while Consul was there to ask: cached for ever, an instance that moves is "
      "never found. The lesson's step 2: 缓存过期，查 Consul, expired: ask Consul",
      "Consul 正常时它的列表就已超过 TTL：被永远缓存了，实例换了地址也不会知道。课程第 2 步：缓存过期，查 Consul"}},
    {fails_with_an_empty_list,
     {"it took over an empty list, and had nobody left to call, though all instances ran. The bonus: absent is not "
      "dead, a list that is suddenly empty is not believed",
      "它接受了空列表，于是无人可调，可实例都在运行。加分项：查不到不等于已下线，突然变空的列表不可信"}},
    {fails_with_a_stale_list,
     {"when its list had expired its calls failed: it threw the old list away. The lesson's step 3: Consul 挂了，返回缓存, an "
      "old list is better than none",
      "列表一过期，调用就失败：旧列表被扔掉了。课程第 3 步：Consul 挂了，返回缓存；旧列表总比没有好"}},
    {fails_with_a_fresh_list,
     {"its calls failed, though its list was fresh. The lesson's step 1: 先查缓存, first the cache",
      "列表还新鲜，调用却失败了。课程第 1 步：先查缓存"}},
    {waits_each_time,
     {"%s of its calls in the outage waited for Consul. Level 2: after one try leave it alone for a while "
      "(next_try_ms, set before asking)",
      "故障期间有 %s 的调用在等 Consul。第 2 关：试过一次后，一段时间内不要再问（next_try_ms，要在询问之前设置）"}},
    {does_not_return,
     {"Consul is back, and its list is not in use again: after an error it is never asked any more",
      "Consul 已恢复，却没有再用它的列表：出错之后再也不问了"}},
};

/* --- Telling ------------------------------------------------------------------------------------ */

static const struct fault *fault_of(struct finding *finding)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i].applies(finding))
            return &faults[i];
    return NULL;
}

static void tell_counts(const struct record *record)
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

static void tell_naive(const struct record *record)
{
    struct sum sum = record_sum(record, NAIVE, OUTAGE | AFTER);
    printf(
        text_of(TEXT("- %s: %d calls failed, %d waited: who asks Consul before each call is out whenever Consul is.\n",
                     "- %s：%d 次调用失败，%d 次变慢：每次调用前都查 Consul，Consul 一出问题它也跟着出问题。\n")),
        text_of(record->caller[NAIVE].name), sum.failed, sum.slow);
}

static void tell_good(const struct record *record, int i)
{
    int64_t oldest_ms = 0;
    for (int step = 0; step < record->steps; step++)
        if (record->caller[i].seen[step].age_ms > oldest_ms)
            oldest_ms = record->caller[i].seen[step].age_ms;
    printf(text_of(TEXT("✓ %s: no call failed. Its list was up to %.1f s old, and Consul's is in use again.\n",
                        "✓ %s：没有一次调用失败。列表最旧时已是 %.1f 秒前的，现在又用上了 Consul 的列表。\n")),
           text_of(record->caller[i].name), (double)oldest_ms / 1000);
}

static bool tell_caller(const struct record *record, int i)
{
    struct finding finding = {.record = record, .index = i, .caller = &record->caller[i]};
    const struct fault *fault = fault_of(&finding);
    if (!fault) {
        tell_good(record, i);
        return true;
    }
    printf(text_of(TEXT("✗ %s: ", "✗ %s：")), text_of(finding.caller->name));
    printf(text_of(fault->text), finding.detail);
    printf("%s\n", text_of(TEXT(".", "。")));
    return false;
}

bool verdict_tell(const struct record *record)
{
    bool good = true;
    tell_counts(record);
    tell_naive(record);
    for (int i = NAIVE + 1; i < record->callers; i++)
        good = tell_caller(record, i) && good;
    if (!good)
        printf("%s\n", text_of(TEXT("make exercise N=3 asks get_instances() for one thing at a time.",
                                    "make exercise N=3 会逐项检查 get_instances()。")));
    return good;
}
