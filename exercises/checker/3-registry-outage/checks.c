/* The checks of exercise 3, in the order in which a learner meets them. Level 1 is the
 * lesson's four lines, level 2 is a Consul that hangs (slow_query.c). */
#include "checker/exercise.h"
#include "lookup.h"
#include "real.h"
#include "slow_query.h"

/* --- Level 1: the lesson's four lines ------------------------------------------------------- */

static void first_call(void)
{
    set_context(TEXT("the first call", "第一次调用"));
    start_with(3);
    consul = (struct consul){.instances = 0, .now_ms = 7000000000};
    entry = (struct entry){.filled = false};
    int status = call();
    if (status == 0 && got.n < 0)
        fail(TEXT("Consul lists no instances: got 0, but *out was not filled in: an empty list is a list, too",
                  "Consul 没有列出实例：返回了 0，却没有填 *out：空列表也是列表"));
    if (status == 0 && got.n != 0)
        fail(TEXT("a new entry (filled is false), and Consul lists no instances: *out should be empty, but has %d. Keep the "
                  "list in *e, not in a variable of your own",
                  "一个全新的 entry（filled 为 false），Consul 没有列出实例：*out 应为空，实际有 %d 个。请把列表保存在 *e 里，不要另设变量"),
             got.n);
    start_with(LIST_MAX);
}

/* The entry must hold what the next call needs. */
static void require_cached(void)
{
    if (entry.list.n > 0 && !entry.filled)
        fail(TEXT("the list is in e->list, but e->filled is still false: set it to true",
                  "列表已经存进 e->list，e->filled 却还是 false：请设为 true"));
    if (entry.filled && entry.fetched_ms != consul.now_ms)
        fail(TEXT("the list was fetched at now_ms=%lld, but e->fetched_ms is %lld: it must be the time of the fetch",
                  "列表是在 now_ms=%lld 获取的，e->fetched_ms 却是 %lld：它应是获取列表的时刻"),
             (long long)consul.now_ms, (long long)entry.fetched_ms);
}

static void cache_while_fresh(void)
{
    start_with(3);
    require_cached();
    set_context(TEXT("half of the TTL later", "过了半个 TTL"));
    consul.asked = 0;
    for (int i = 0; i < 100; i++) {
        consul.now_ms += TTL_MS / 200;
        if (call() != 0 || !got_whole_list(3))
            fail(TEXT("half of the TTL later: the cached list was not returned. Is it copied: *out = e->list;",
                      "过了半个 TTL：没有返回缓存的列表。复制了吗：*out = e->list;"));
    }
    if (consul.asked)
        fail(TEXT("100 calls within the TTL asked Consul %d times: use the fresh list in the cache (step 1). %s",
                  "TTL 之内的 100 次调用查了 Consul %d 次：新鲜的列表应来自缓存（第 1 步）。%s"),
             consul.asked,
             entry.filled ? text_of(TEXT("The cache has it: fresh means now_ms - e->fetched_ms < ttl_ms",
                                         "缓存里已经有了：新鲜是指 now_ms - e->fetched_ms < ttl_ms"))
                          : text_of(TEXT("Is it stored in e->list?", "存进 e->list 了吗？")));
}

static void require_refresh(int instances)
{
    consul.instances = instances;
    consul.asked = 0;
    consul.now_ms += ttl_ms + 1;
    if (call() != 0)
        fail(TEXT("after the TTL, Consul works: got -1 (%s)", "TTL 过后，Consul 正常：却返回 -1（%s）"), why.text);
    if (!consul.asked)
        fail(TEXT("after the TTL Consul was not asked: the cache never expires, so an instance that left is called forever "
                  "(step 2, pitfall 3)",
                  "TTL 过后没有查 Consul：缓存永不过期，下线的实例会一直被调用（第 2 步，坑点 3）"));
    if (!got_whole_list(instances))
        fail(TEXT("after the TTL Consul lists %d instances: got %d", "TTL 过后 Consul 给出 %d 个实例：实际返回 %d 个"), instances, got.n);
}

/* With a TTL that differs from the first one. */
static void require_given_ttl(void)
{
    ttl_ms = TTL_MS / 2;
    start_with(3);
    consul.asked = 0;
    consul.now_ms += ttl_ms + 1;
    if (call() == 0 && !consul.asked)
        fail(TEXT("with ttl_ms=%d, and %d ms after a successful query, Consul was not asked: do you use the ttl_ms that you are "
                  "given, and do you reset next_try_ms after a success?",
                  "ttl_ms=%d，查询成功 %d 毫秒之后没有再查 Consul：用的是传入的 ttl_ms 吗？成功之后 next_try_ms 清零了吗？"),
             (int)ttl_ms, (int)ttl_ms + 1);
    require_refresh(5);
    ttl_ms = TTL_MS;
}

static void consul_when_expired(void)
{
    start_with(3);
    set_context(TEXT("after the TTL", "TTL 过后"));
    require_refresh(5);
    consul.asked = 0;
    consul.now_ms += TTL_MS / 2;
    if (call() != 0 || consul.asked)
        fail(TEXT("the new list is fresh, but Consul was asked again: is fetched_ms updated?",
                  "新列表还是新鲜的，却又查了 Consul：fetched_ms 更新了吗？"));
    require_refresh(4);
    require_given_ttl();
}

static void stale_when_consul_is_down(void)
{
    start_with(3);
    set_context(TEXT("Consul stopped, the list expired", "Consul 已停止，TTL 已过"));
    consul.state = STOPPED;
    int64_t fetched_ms = entry.fetched_ms;
    for (int i = 1; i <= 10; i++) {
        consul.now_ms += i <= 5 ? TTL_MS : 360 * TTL_MS; /* an hour */
        if (call() != 0)
            fail(TEXT("Consul is stopped, the list is %d s old: got -1 (%s). An old list is better than none (step 3)",
                      "Consul 已停止，列表是 %d 秒前的：返回了 -1（%s）。旧列表总比没有强（第 3 步）"),
                 (int)((consul.now_ms - fetched_ms) / 1000), why.text);
        if (got.n < 0)
            fail(TEXT("Consul is stopped: got 0, but *out was not filled in: *out = e->list;",
                      "Consul 已停止：返回了 0，却没有填 *out：*out = e->list;"));
        if (!got_whole_list(3))
            fail(TEXT("Consul is stopped: expected the old list of 3, got %d. Was it overwritten when the query failed?",
                      "Consul 已停止：应返回旧列表的 3 个实例，实际 %d 个。查询失败时是不是把它覆盖了？"),
                 got.n);
        if (entry.fetched_ms != fetched_ms)
            fail(TEXT("Consul is stopped, but e->fetched_ms changed, although nothing was fetched: so a stale list looks fresh. "
                      "Store the time of the next try in next_try_ms",
                      "Consul 已停止，没有取到列表，e->fetched_ms 却变了：过期列表会被当成新鲜的。下次查询的时刻应记在 next_try_ms 里"));
    }
    consul.state = ANSWERS;
    consul.instances = 4;
    consul.now_ms += TTL_MS;
    if (call() != 0 || !got_whole_list(4))
        fail(TEXT("Consul has been back for a whole TTL, but the old list is still in use: is next_try_ms too late?",
                  "Consul 恢复已有一个 TTL，却还在用旧列表：next_try_ms 是不是设得太晚？"));
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
        fail(TEXT("got -1 without a reason: use err_set(why, …)", "返回了 -1，却没有说明原因：请用 err_set(why, …)"));
    consul.state = ANSWERS;
    consul.instances = 2;
    consul.now_ms += 100;
    if (call() != 0 || !got_whole_list(2))
        fail(TEXT("Consul started 0.1 s later: with nothing cached, ask it at once",
                  "0.1 秒后 Consul 启动了：没有缓存时应立即查询"));
}

/* --- Bonus ------------------------------------------------------------------------------------------- */

static void sudden_empty_list(void)
{
    start_with(3);
    set_context(TEXT("a sudden empty list", "突然变空的列表"));
    consul.instances = 0;
    consul.now_ms += TTL_MS + 1;
    if (call() != 0 || !got_whole_list(3))
        fail(TEXT("Consul was restarted and suddenly lists no instances: %d of 3 are left, though all of them run",
                  "Consul 重启后列表突然为空：3 个实例只剩 %d 个，但它们都在运行"),
             got.n < 0 ? 0 : got.n);
    for (int i = 0; i < 5; i++) { /* the instances need some seconds to register again */
        consul.now_ms += 3000;
        if (call() != 0 || !got_whole_list(3))
            fail(TEXT("%d s later Consul still lists no instances: %d of 3 are left. They need seconds to register again: keep the "
                      "old list for more than one query",
                      "%d 秒之后 Consul 的列表仍为空：3 个实例只剩 %d 个。重新注册需要几秒，旧列表要保留到多次查询之后"),
                 3 * (i + 1), got.n < 0 ? 0 : got.n);
    }
    consul.instances = 2;
    consul.now_ms += TTL_MS + 1;
    if (call() != 0 || !got_whole_list(2))
        fail(TEXT("Consul lists 2 instances again, but the old list is still in use",
                  "Consul 又给出 2 个实例，却还在用旧列表"));
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
    {.title = {"step 3: Consul stopped: the old list is used, at any age", "第 3 步：Consul 停止：用旧列表，不管多旧"},
     .function = "get_instances",
     .run = stale_when_consul_is_down},
    {.title = {"step 4: no list from Consul and none cached: an error with a reason", "第 4 步：Consul 和缓存都没有：报错并说明原因"},
     .function = "get_instances",
     .run = error_when_nothing_is_left},
    {.title = {"no request ever reads half a list", "任何请求都不会读到不完整的列表"},
     .function = "get_instances",
     .run = others_get_whole_list},
    {.title = {"level 2: Consul hung: hardly any call waits for it", "第 2 关：Consul 卡住：几乎没有请求为它等待"},
     .function = "get_instances",
     .run = not_every_call_waits},
    {.title = {"level 2: two calls never wait at the same time", "第 2 关：不会有两个请求同时等待"},
     .function = "get_instances",
     .run = one_waits_at_a_time},
    {.title = {"for real: your cache in order-service, under load, while a real Consul stops, hangs and comes back",
               "真实运行：你的缓存在 order-service 中运行，持续有请求，真实的 Consul 停止、卡住、恢复"},
     .function = "get_instances",
     .run = real_outage,
     .real = true,
     .limit_s = CHECK_REAL_LIMIT_S},
    {.title = {"a list that is suddenly empty does not replace the old one at once", "列表突然变空时，不会立即丢弃旧列表"},
     .function = "get_instances",
     .run = sudden_empty_list,
     .bonus = true},
};

int main(int argc, char **argv)
{
    static const struct exercise exercise = {
        .number = 3,
        .lesson = {"exercise 3, and part VI", "练习 3 和第六部分"},
        .checks = checks,
        .count = sizeof checks / sizeof *checks,
    };
    return exercise_main(&exercise, argc, argv);
}
