#include "slow_query.h"

#include "checker/check.h"
#include "lookup.h"

/* --- Other requests ------------------------------------------------------------------------- */

static int meanwhile_status;
static struct list meanwhile_got;
static bool meanwhile_ran;

static void another_request(void)
{
    struct err ignored;
    consul.meanwhile = NULL;
    meanwhile_ran = true;
    meanwhile_got.n = -1;
    meanwhile_status = get_instances(&entry, consul.now_ms + 10, TTL_MS, &meanwhile_got, &ignored);
}

/* The list has expired. While one request queries Consul, another one is served. */
static void call_with_another(enum state state)
{
    start_with(3);
    consul.now_ms += TTL_MS + 1;
    consul.meanwhile = another_request;
    consul.state = state;
    consul.asked = 0;
    meanwhile_ran = false;
    call();
    if (!meanwhile_ran)
        fail(TEXT("after the TTL Consul was not asked (step 2), so a second request at the same time cannot be checked",
                  "TTL 过后没有查 Consul（第 2 步），无法检查同时到来的第二个请求"));
}

void others_get_whole_list(void)
{
    set_context(TEXT("another request while the very first one waits for Consul", "第一个请求还在等 Consul 时，又来了一个请求"));
    consul = (struct consul){.instances = 3, .now_ms = 7000000000, .meanwhile = another_request};
    entry = (struct entry){.filled = false};
    meanwhile_ran = false;
    call();
    if (meanwhile_ran && meanwhile_status == 0 && !is_whole(&meanwhile_got, 3))
        fail(TEXT("while the very first request waits for Consul, another one got a list that is not there yet (%d instances): "
                  "set e->filled only when e->list is complete",
                  "第一个请求还在等 Consul 时，另一个请求得到了还没取完的列表（%d 个实例）：e->list 完整之后才能把 e->filled 设为 true"),
             meanwhile_got.n);
    set_context(TEXT("another request while this one waits for Consul", "本次请求等待 Consul 时，又来了一个请求"));
    call_with_another(STOPPED);
    if (meanwhile_status != 0)
        fail(TEXT("while one request waits for Consul, another one gets an error, though there is an old list (step 3)",
                  "一个请求在等 Consul 时，另一个请求得到的是错误，但旧列表还在（第 3 步）"));
    if (!is_whole(&meanwhile_got, 3))
        fail(TEXT("while one request waits for Consul, another one reads the cache: it got half a list (%d instances). Fetch "
                  "into a local variable, and copy it to e->list when it is complete",
                  "一个请求在等 Consul 时，另一个请求读到了不完整的列表（%d 个实例）。请先取到局部变量里，完整之后再复制进 e->list"),
             meanwhile_got.n);
}

/* --- Level 2: Consul hangs ---------------------------------------------------------------------- */

/* The likely mistake in next_try_ms. Consul has hung since `begin`. */
static const char *advice(int64_t begin)
{
    if (entry.next_try_ms < begin - TTL_MS && entry.next_try_ms != 0)
        return text_of(TEXT("next_try_ms is a moment, not a number of ms: now_ms + …",
                            "next_try_ms 是时刻，不是毫秒数：now_ms + ……"));
    if (entry.next_try_ms > begin && entry.next_try_ms <= consul.now_ms + HUNG_MS)
        return text_of(TEXT("next_try_ms is too early: a query takes a second, so this moment has passed when the query ends",
                            "next_try_ms 设得太早：一次查询就要一秒，查完时已经到期。请设得更晚一些"));
    return text_of(TEXT("After a failed query, wait for a while before the next one: next_try_ms",
                        "查询失败之后，隔一段时间再查：next_try_ms"));
}

void not_every_call_waits(void)
{
    enum { SECONDS = 30, CALLS_A_SECOND = 50 };
    start_with(3);
    set_context(TEXT("Consul hung", "Consul 卡住"));
    consul.state = HUNG;
    consul.now_ms += TTL_MS + 1;
    consul.asked = 0;
    int64_t begin = consul.now_ms;
    int calls = 0;
    while (consul.now_ms - begin < SECONDS * 1000) {
        calls++;
        if (call() != 0 || !got_whole_list(3))
            fail(TEXT("Consul hangs: the old list was not returned", "Consul 卡住：没有返回旧列表"));
        consul.now_ms += 1000 / CALLS_A_SECOND;
    }
    if (consul.asked > calls / 10)
        fail(TEXT("level 2: Consul hangs, and %d calls asked it %d times and waited a second each. %s",
                  "第 2 关：Consul 卡住，%d 次调用查了它 %d 次，每次都等一秒。%s"),
             calls, consul.asked, advice(begin));
    if (consul.asked < 2)
        fail(TEXT("level 2: in %d s Consul was asked %s, so its recovery goes unnoticed. Does each call move next_try_ms, even "
                  "a call that does not ask?",
                  "第 2 关：%d 秒内%s Consul，它恢复了也无法发现。是不是每次调用都推后了 next_try_ms，包括没有查询的调用？"),
             SECONDS, consul.asked ? text_of(TEXT("once", "只查了一次")) : text_of(TEXT("never", "一次也没有查")));

    consul.state = ANSWERS;
    consul.instances = 4;
    consul.now_ms += TTL_MS;
    call();
    if (!got_whole_list(4))
        fail(TEXT("level 2: Consul has been back for a whole TTL, but the old list is still in use: next_try_ms is too late",
                  "第 2 关：Consul 恢复已有一个 TTL，却还在用旧列表：next_try_ms 设得太晚"));
}

void one_waits_at_a_time(void)
{
    set_context(TEXT("another request while this one waits for a hung Consul", "本次请求等待卡住的 Consul 时，又来了一个请求"));
    call_with_another(HUNG);
    if (consul.asked > 1)
        fail(TEXT("level 2: while one request waits for Consul, the next one asked it, too: set next_try_ms before the query, "
                  "not after it",
                  "第 2 关：一个请求在等 Consul 时，下一个请求也去查了：next_try_ms 要在查询之前设置，而不是之后"));
}
