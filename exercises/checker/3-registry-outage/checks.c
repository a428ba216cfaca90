/* What exercise 3 asks, in the order in which a learner meets it: level 1 are the
 * lesson's four lines, level 2 a Consul that hangs. */
#include <stdio.h>
#include <string.h>

#include "checker/exercise.h"
#include "consul.h"
#include "real.h"

enum { MOST = 64 }; /* that a list has room for */

static struct entry entry;
static struct list got;
static struct err why;
static int64_t ttl_ms = TTL_MS; /* as it is told */

static int call(void)
{
    memset(&got, 0, sizeof got);
    got.n = -1;
    why = (struct err){""};
    int status = get_instances(&entry, consul.now_ms, ttl_ms, &got, &why);
    if (status != 0 && status != -1)
        fail(TEXT("get_instances() returned %d: 0 is a list, -1 an error, and there is nothing else",
                  "get_instances() 返回了 %d：0 表示有列表，-1 表示出错，没有别的取值"),
             status);
    return status;
}

/* As consul.c names them. */
static bool is_whole(const struct list *list, int expected)
{
    if (list->n != expected)
        return false;
    for (int i = 0; i < list->n; i++) {
        char id[64];
        snprintf(id, sizeof id, "user-service-%d", i + 1);
        if (list->at[i].port != 8001 || strcmp(list->at[i].id, id) != 0)
            return false;
    }
    return true;
}

static bool is_sound(int expected)
{
    return is_whole(&got, expected);
}

static void demand_list(int instances)
{
    if (got.n != instances)
        fail(TEXT("the first call, Consul names %d instances: *out has %d. Is it filled in?",
                  "第一次调用，Consul 给出 %d 个实例：*out 里却是 %d 个。填好了吗？"),
             instances, got.n);
    if (!is_sound(instances))
        fail(TEXT("the first call, Consul names %d instances: *out says so, too, but they are not in it. Copy the list as a "
                  "whole: *out = fresh;",
                  "第一次调用，Consul 给出 %d 个实例：*out 里个数对了，内容却不对。请整个复制：*out = fresh;"),
             instances);
}

/* What it has to remember for the next call. */
static void demand_remembered(void)
{
    if (entry.list.n > 0 && !entry.filled)
        fail(TEXT("the list is in e->list, and e->filled is still false: say that it is there",
                  "列表已经存进 e->list，e->filled 却还是 false：要标明已经有了"));
    if (entry.filled && entry.fetched_ms != consul.now_ms)
        fail(TEXT("the list was fetched at now_ms=%lld, and e->fetched_ms says %lld: it is the time of the fetch",
                  "列表是在 now_ms=%lld 取到的，e->fetched_ms 却是 %lld：它应是取到列表的时刻"),
             (long long)consul.now_ms, (long long)entry.fetched_ms);
}

/* At a time that is not 0, and has no room in an int: as in life. */
static void start_with(int instances)
{
    consul = (struct consul){.instances = instances, .now_ms = 7000000000};
    entry = (struct entry){.filled = false};
    if (call() != 0)
        fail(TEXT("the first call, Consul names %d instances: expected them, got -1 (%s)",
                  "第一次调用，Consul 给出 %d 个实例：应返回它们，实际返回 -1（%s）"),
             instances, why.text);
    demand_list(instances);
}

/* --- Level 1: the lesson's four lines ------------------------------------------------------- */

static void first_call(void)
{
    set_context(TEXT("the first call", "第一次调用"));
    start_with(3);
    consul = (struct consul){.instances = 0, .now_ms = 7000000000};
    entry = (struct entry){.filled = false};
    int status = call();
    if (status == 0 && got.n < 0)
        fail(TEXT("Consul names nobody: it returned 0, and *out was not filled in: an empty list is one, too",
                  "Consul 一个实例也没有：返回了 0，却没有填 *out：空列表也是列表"));
    if (status == 0 && got.n != 0)
        fail(TEXT("a new entry (filled is false), and Consul names nobody: *out should be empty, and has %d. What you remember "
                  "belongs in *e, not in a variable of your own",
                  "一个全新的 entry（filled 为 false），Consul 一个实例也没有：*out 应为空，实际有 %d 个。要记的东西请放在 *e 里，不要另设变量"),
             got.n);
    start_with(MOST);
}

static void cache_while_fresh(void)
{
    start_with(3);
    demand_remembered();
    set_context(TEXT("half of the TTL later", "过了半个 TTL"));
    consul.asked = 0;
    for (int i = 0; i < 100; i++) {
        consul.now_ms += TTL_MS / 200;
        if (call() != 0 || !is_sound(3))
            fail(TEXT("half of the TTL later: the cached list did not come. Is it copied: *out = e->list;",
                      "过了半个 TTL：没有返回缓存的列表。复制了吗：*out = e->list;"));
    }
    if (consul.asked)
        fail(TEXT("100 calls within the TTL asked Consul %d times: the fresh list is in the cache (step 1). %s",
                  "TTL 之内的 100 次调用查了 Consul %d 次：新鲜的列表应来自缓存（第 1 步）。%s"),
             consul.asked,
             entry.filled ? text_of(TEXT("It is there: fresh means now_ms - e->fetched_ms < ttl_ms",
                                         "它就在那里：新鲜是指 now_ms - e->fetched_ms < ttl_ms"))
                          : text_of(TEXT("Is it put there?", "存进缓存了吗？")));
}

static void demand_news(int instances)
{
    consul.instances = instances;
    consul.asked = 0;
    consul.now_ms += ttl_ms + 1;
    if (call() != 0)
        fail(TEXT("after the TTL, Consul is well: got -1 (%s)", "TTL 过后，Consul 正常：却返回 -1（%s）"), why.text);
    if (!consul.asked)
        fail(TEXT("after the TTL Consul was not asked: cached for ever, and an instance that left is called for ever "
                  "(step 2, pitfall 3)",
                  "TTL 过后没有查 Consul：缓存永不过期，下线的实例会一直被调用（第 2 步，坑点 3）"));
    if (!is_sound(instances))
        fail(TEXT("after the TTL Consul names %d instances: got %d", "TTL 过后 Consul 给出 %d 个实例：实际返回 %d 个"), instances, got.n);
}

/* Another TTL than before. */
static void demand_that_ttl_is_told(void)
{
    ttl_ms = TTL_MS / 2;
    start_with(3);
    consul.asked = 0;
    consul.now_ms += ttl_ms + 1;
    if (call() == 0 && !consul.asked)
        fail(TEXT("with ttl_ms=%d, and %d ms after a fetch that went well, Consul was not asked: is the TTL the one that you are "
                  "given, and is next_try_ms over after a success?",
                  "ttl_ms=%d，查询成功 %d 毫秒之后没有再查 Consul：用的是传进来的 ttl_ms 吗？成功之后 next_try_ms 清掉了吗？"),
             (int)ttl_ms, (int)ttl_ms + 1);
    demand_news(5);
    ttl_ms = TTL_MS;
}

static void consul_when_expired(void)
{
    start_with(3);
    set_context(TEXT("after the TTL", "TTL 过后"));
    demand_news(5);
    consul.asked = 0;
    consul.now_ms += TTL_MS / 2;
    if (call() != 0 || consul.asked)
        fail(TEXT("the new list is fresh, and Consul was asked again: is fetched_ms set anew?",
                  "新列表还是新鲜的，却又查了 Consul：fetched_ms 更新了吗？"));
    demand_news(4);
    demand_that_ttl_is_told();
}

static void stale_when_consul_is_down(void)
{
    start_with(3);
    set_context(TEXT("Consul stopped, the TTL over", "Consul 已停止，TTL 已过"));
    consul.state = STOPPED;
    int64_t fetched_ms = entry.fetched_ms;
    for (int i = 1; i <= 10; i++) {
        consul.now_ms += i <= 5 ? TTL_MS : 360 * TTL_MS; /* an hour */
        if (call() != 0)
            fail(TEXT("Consul is stopped, the list is %d s old: got -1 (%s). An old list is better than none (step 3)",
                      "Consul 已停止，列表是 %d 秒前的：返回了 -1（%s）。旧列表总比没有强（第 3 步）"),
                 (int)((consul.now_ms - fetched_ms) / 1000), why.text);
        if (got.n < 0)
            fail(TEXT("Consul is stopped: it returned 0, and *out was not filled in: *out = e->list;",
                      "Consul 已停止：返回了 0，却没有填 *out：*out = e->list;"));
        if (!is_sound(3))
            fail(TEXT("Consul is stopped: expected the old list of 3, got %d. Was it overwritten when the query failed?",
                      "Consul 已停止：应返回旧列表的 3 个实例，实际 %d 个。查询失败时是不是把它覆盖了？"),
                 got.n);
        if (entry.fetched_ms != fetched_ms)
            fail(TEXT("Consul is stopped, and e->fetched_ms was moved, though nothing was fetched: so a stale list looks fresh. "
                      "When to try again is next_try_ms",
                      "Consul 已停止，什么也没取到，e->fetched_ms 却变了：旧列表会被当成新鲜的。什么时候再试，记在 next_try_ms 里"));
    }
    consul.state = ANSWERS;
    consul.instances = 4;
    consul.now_ms += TTL_MS;
    if (call() != 0 || !is_sound(4))
        fail(TEXT("Consul has been back for a whole TTL, and the old list is still in use: is next_try_ms too far away?",
                  "Consul 恢复已有一个 TTL，却还在用旧列表：next_try_ms 是不是设得太远？"));
}

static void error_when_nothing_is_left(void)
{
    set_context(TEXT("Consul stopped, nothing cached", "Consul 已停止，没有缓存"));
    consul = (struct consul){.state = STOPPED, .now_ms = 7000000000};
    entry = (struct entry){.filled = false};
    if (call() == 0)
        fail(TEXT("Consul is stopped and nothing is cached: expected -1, got 0 with %d instances (step 4, pitfall 4)",
                  "Consul 已停止，也没有缓存：应返回 -1，实际返回 0 和 %d 个实例（第 4 步，坑点 4）"),
             got.n);
    if (!why.text[0])
        fail(TEXT("it returned -1, and does not say why: use err_set(why, …)", "返回了 -1，却没有说明原因：请用 err_set(why, …)"));
    consul.state = ANSWERS;
    consul.instances = 2;
    consul.now_ms += 100;
    if (call() != 0 || !is_sound(2))
        fail(TEXT("Consul came up 0.1 s later: with nothing cached there is nothing to wait for, ask it",
                  "0.1 秒后 Consul 启动了：没有缓存时没什么可等的，应该去查"));
}

/* --- Others are there, too ---------------------------------------------------------------------- */

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

/* The list has expired; while Consul is being asked, another request comes by. */
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
        fail(TEXT("after the TTL Consul was not asked at all (step 2): what then goes on meanwhile cannot be seen",
                  "TTL 过后根本没有查 Consul（第 2 步）：也就看不到这期间会发生什么"));
}

static void list_is_whole_for_others(void)
{
    set_context(TEXT("another request, while the very first one waits for Consul", "第一个请求还在等 Consul 时，又来了一个请求"));
    consul = (struct consul){.instances = 3, .now_ms = 7000000000, .meanwhile = another_request};
    entry = (struct entry){.filled = false};
    meanwhile_ran = false;
    call();
    if (meanwhile_ran && meanwhile_status == 0 && !is_whole(&meanwhile_got, 3))
        fail(TEXT("while the very first request waits for Consul, another one got a list that is not there yet (%d instances): "
                  "e->filled only when e->list is whole",
                  "第一个请求还在等 Consul 时，另一个请求得到了还没取完的列表（%d 个实例）：e->list 完整之后才能把 e->filled 设为 true"),
             meanwhile_got.n);
    set_context(TEXT("another request, while this one waits for Consul", "本次请求等待 Consul 时，又来了一个请求"));
    call_with_another(STOPPED);
    if (meanwhile_status != 0)
        fail(TEXT("while one request waits for Consul, another one gets an error, though an old list is there (step 3)",
                  "一个请求在等 Consul 时，另一个请求得到的是错误，可是明明有旧列表（第 3 步）"));
    if (!is_whole(&meanwhile_got, 3))
        fail(TEXT("while one request waits for Consul, another one reads the cache: it got half a list (%d instances). Fetch "
                  "into a list of your own, and copy it in when it is whole",
                  "一个请求在等 Consul 时，另一个请求读到了半个列表（%d 个实例）。请先取到自己的局部变量里，完整之后再复制进缓存"),
             meanwhile_got.n);
}

/* --- Level 2: it hangs ------------------------------------------------------------------------------ */

/* Of a next_try_ms after a Consul that hung since `begin`: what may be wrong with it? */
static const char *advice(int64_t begin)
{
    if (entry.next_try_ms < begin - TTL_MS && entry.next_try_ms != 0)
        return text_of(TEXT("next_try_ms is a moment, not a number of ms: now_ms + …",
                            "next_try_ms 是时刻，不是毫秒数：now_ms + ……"));
    if (entry.next_try_ms > begin && entry.next_try_ms <= consul.now_ms + HUNG_MS)
        return text_of(TEXT("next_try_ms is over when the query is, which lasts a second alone: leave it alone for longer",
                            "next_try_ms 设得太近：单是一次查询就要一秒，查完时它已经过了。请隔得更久一些"));
    return text_of(TEXT("After one that failed leave it alone for a while: next_try_ms",
                        "失败一次之后，隔一段时间再去查：next_try_ms"));
}

static void not_every_call_waits(void)
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
        if (call() != 0 || !is_sound(3))
            fail(TEXT("Consul hangs: the old list did not come", "Consul 卡住：没有返回旧列表"));
        consul.now_ms += 1000 / CALLS_A_SECOND;
    }
    if (consul.asked > calls / 10)
        fail(TEXT("level 2: Consul hangs, and %d calls asked it %d times, a second each. %s",
                  "第 2 关：Consul 卡住，%d 次调用查了它 %d 次，每次都等一秒。%s"),
             calls, consul.asked, advice(begin));
    if (consul.asked < 2)
        fail(TEXT("level 2: in %d s Consul was asked %s: so nobody notices when it is back. Does each call move next_try_ms, also "
                  "one that does not ask?",
                  "第 2 关：%d 秒里%s Consul：它恢复了也没人知道。是不是每次调用都推后了 next_try_ms，包括没有去查的？"),
             SECONDS, consul.asked ? text_of(TEXT("once", "只查了一次")) : text_of(TEXT("never", "一次也没有查")));

    consul.state = ANSWERS;
    consul.instances = 4;
    consul.now_ms += TTL_MS;
    call();
    if (!is_sound(4))
        fail(TEXT("level 2: Consul is back for a whole TTL, and the old list is still in use: next_try_ms is too far away",
                  "第 2 关：Consul 恢复已有一个 TTL，却还在用旧列表：next_try_ms 设得太远"));
}

static void one_waits_at_a_time(void)
{
    set_context(TEXT("another request, while this one waits for a hung Consul", "本次请求在等卡住的 Consul 时，又来了一个请求"));
    call_with_another(HUNG);
    if (consul.asked > 1)
        fail(TEXT("level 2: while one request waits for Consul, the next one asked it, too: set next_try_ms before you ask, "
                  "not after",
                  "第 2 关：一个请求在等 Consul 时，后来的请求又去查了：next_try_ms 要在查询之前设置，而不是之后"));
}

/* --- Bonus ------------------------------------------------------------------------------------------- */

static void sudden_empty_list(void)
{
    start_with(3);
    set_context(TEXT("a sudden empty list", "突然变空的列表"));
    consul.instances = 0;
    consul.now_ms += TTL_MS + 1;
    if (call() != 0 || !is_sound(3))
        fail(TEXT("Consul was restarted and names nobody all of a sudden: %d of 3 instances are left, though all of them run",
                  "Consul 重启后突然一个实例也没有了：3 个实例只剩 %d 个，可它们明明都在运行"),
             got.n < 0 ? 0 : got.n);
    for (int i = 0; i < 5; i++) { /* it takes the instances some seconds to register again */
        consul.now_ms += 3000;
        if (call() != 0 || !is_sound(3))
            fail(TEXT("Consul still names nobody, %d s later: %d of 3 instances are left. Until they have registered again it takes "
                      "seconds: one look is not enough",
                      "%d 秒之后 Consul 还是一个实例也没有：3 个实例只剩 %d 个。重新注册需要好几秒，只怀疑一次不够"),
                 3 * (i + 1), got.n < 0 ? 0 : got.n);
    }
    consul.instances = 2;
    consul.now_ms += TTL_MS + 1;
    if (call() != 0 || !is_sound(2))
        fail(TEXT("Consul names 2 instances again, and the old list is still in use",
                  "Consul 又给出 2 个实例了，却还在用旧列表"));
}

static const struct check checks[] = {
    {.title = {"step 2: the first call asks Consul", "第 2 步：第一次调用要查 Consul"},
     .function = "get_instances",
     .run = first_call},
    {.title = {"step 1: within the TTL the list comes from the cache", "第 1 步：TTL 之内用缓存"},
     .function = "get_instances",
     .run = cache_while_fresh},
    {.title = {"step 2: after the TTL Consul is asked again", "第 2 步：TTL 过后再查 Consul"},
     .function = "get_instances",
     .run = consul_when_expired},
    {.title = {"step 3: Consul stopped: the old list, however old", "第 3 步：Consul 停了：用旧列表，不管多旧"},
     .function = "get_instances",
     .run = stale_when_consul_is_down},
    {.title = {"step 4: neither Consul nor cache: an error that says so", "第 4 步：Consul 和缓存都没有：报错并说明原因"},
     .function = "get_instances",
     .run = error_when_nothing_is_left},
    {.title = {"nobody ever reads half a list", "任何请求都不会读到半个列表"},
     .function = "get_instances",
     .run = list_is_whole_for_others},
    {.title = {"level 2: Consul hung: hardly any call waits for it", "第 2 关：Consul 卡住：几乎没有请求为它等待"},
     .function = "get_instances",
     .run = not_every_call_waits},
    {.title = {"level 2: and never two at a time", "第 2 关：也不会有两个请求同时去等"},
     .function = "get_instances",
     .run = one_waits_at_a_time},
    {.title = {"for real: your cache in order-service, under load, while a real Consul stops, hangs and comes back",
               "真实运行：你的缓存装进 order-service，持续有请求，真实的 Consul 停止、卡住、恢复"},
     .function = "get_instances",
     .run = real_outage,
     .real = true,
     .limit_s = CHECK_REAL_LIMIT_S},
    {.title = {"a list that is suddenly empty is not believed at once", "突然变空的列表不会马上被相信"},
     .function = "get_instances",
     .run = sudden_empty_list,
     .bonus = true},
};

int main(int argc, char **argv)
{
    static const struct exercise exercise = {
        .number = 3,
        .lesson = {"exercise 3, and part VI", "练习 3 和 第六部分"},
        .checks = checks,
        .count = sizeof checks / sizeof *checks,
    };
    return exercise_main(&exercise, argc, argv);
}
