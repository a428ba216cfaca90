/* Exercise 3 for a caller in any language: the registry fails, an instance fails, both come back. */
#include <stdio.h>

#include "base/clock.h"
#include "checks.h"
#include "stage.h"

enum {
    USERS = 3,
    OUTAGE_MS = 4 * CACHE_TTL_S * 1000,
    CACHED_CALLS = 100,
    QUERIES_MAX = CACHED_CALLS / 4,
    BACK_LIMIT_MS = 15000,
    WAITED_MAX_MS = OUTAGE_MS * 4 / 5, /* if each call waits for Consul, it is nearly all the time */
};

/* Three callees on a real Consul or on the stand-in, and a client that calls all of them. */
static void open_consul(void)
{
    stage_open_consul();
    for (int i = 0; i < USERS; i++)
        stage_add(1);
    set_context(TEXT("everything works", "一切正常"));
    client_start(&stage.folder, stage.consul.url);
    stage_expect_all_called();
    client_measure_usual();
}

static void open_faulty(void)
{
    stage_open_faulty(USERS);
    set_context(TEXT("everything works", "一切正常"));
    client_start(&stage.folder, stage.registry.url);
    stage_expect_all_called();
    client_measure_usual();
}

/* What the instances that run got since the last time. */
static int calls_at_instances(void)
{
    int sum = 0;
    for (int i = 0; i < stage.count; i++)
        if (proc_is_running(&stage.callees[i].proc))
            sum += callee_take(&stage.callees[i]);
    return sum;
}

/* Calls for longer than a TTL: none fails, and only a few wait. (A machine that stalls makes one call longer.) */
static void expect_calls_succeed(struct text what, struct text hint)
{
    struct client_calls calls;
    set_context(what);
    calls_at_instances();
    client_calls_for(OUTAGE_MS, &calls);
    int arrived = calls_at_instances();
    if (calls.failed)
        fail(TEXT("%s: %d of %d calls failed (%s). %s", "%s：%d 次调用失败（共 %d 次）（%s）。%s"), text_of(what),
             calls.failed, calls.answered, calls.first_error, text_of(hint));
    if (calls.waited_ms > WAITED_MAX_MS && calls.waited * 2 > calls.answered)
        fail(TEXT("%s: only %d calls in %d s were answered, %d were planned: they wait. %s",
                  "%s：只完成了 %d 次调用（%d 秒内本应有 %d 次）：调用在等待。%s"),
             text_of(what), calls.answered, OUTAGE_MS / 1000, calls.planned, text_of(hint));
    if (arrived < calls.answered)
        fail(TEXT("%s: the client answered %d ids, but the instances got only %d calls: call an instance for each id",
                  "%s：客户端回答了 %d 个 id，实例却只收到 %d 次调用：每个 id 都要调用一个实例"),
             text_of(what), calls.answered, arrived);
}

#define KEEP_LIST TEXT("Go on with the old list. See exercise 3, step 3", "请继续使用旧列表。见练习 3 第 3 步")

/* --- The cache ----------------------------------------------------------------------------------- */

static void asks_seldom(void)
{
    open_faulty();
    registry_fail(&stage.registry, "none"); /* counts from 0 */
    set_context(TEXT("%d calls one after another", "连续 %d 次调用"), CACHED_CALLS);
    int64_t begin = clock_ms();
    for (int i = 0; i < CACHED_CALLS; i++)
        client_call();
    int queries = registry_queries(&stage.registry);
    int allowed = QUERIES_MAX + (int)((clock_ms() - begin) / (CACHE_TTL_S * 1000)); /* more on a slow machine */
    if (queries > allowed)
        fail(TEXT("%d calls caused %d queries to Consul, at most %d are needed: cache the list for CACHE_TTL seconds. "
                  "See "
                  "exercise 3, step 1",
                  "%d 次调用查询了 Consul %d 次，最多需要 %d 次：请把列表缓存 CACHE_TTL 秒。见练习 3 第 1 步"),
             CACHED_CALLS, queries, allowed);
    stage_close();
}

static void list_is_refreshed(void)
{
    open_consul();
    set_context(TEXT("a fourth instance registers", "第四个实例注册之后"));
    stage_add(1);
    if (!stage_all_are_called(BACK_LIMIT_MS))
        fail(TEXT("a fourth instance registered, but got no call within %d s: ask Consul again after CACHE_TTL (%d s "
                  "here). "
                  "See exercise 3, step 2",
                  "第四个实例已注册，但 %d 秒内没有收到调用：过了 CACHE_TTL（这里是 %d 秒）要再次查询 Consul。见练习 3 "
                  "第 2 步"),
             BACK_LIMIT_MS / 1000, CACHE_TTL_S);
    stage_close();
}

/* --- Consul fails ---------------------------------------------------------------------------------- */

static void consul_stopped(void)
{
    open_consul();
    server_stop(&stage.consul);
    expect_calls_succeed(TEXT("Consul stopped", "Consul 停止"), KEEP_LIST);
    stage_close();
}

static void consul_hung(void)
{
    open_consul();
    server_pause(&stage.consul);
    expect_calls_succeed(TEXT("Consul hung", "Consul 卡住"),
                         TEXT("Give each query a timeout, and do not query in each call. See exercise 3, level 2",
                              "每次查询都要设置超时，也不要每次调用都查询。见练习 3 第 2 关"));
    server_resume(&stage.consul);
    stage_close();
}

/* A Consul in dev mode forgets all registrations when it stops. No calls before they are back: the empty list is
 * another check's. */
static void consul_back(void)
{
    struct err err = ERR_INIT;
    struct client_calls ignored;
    open_consul();
    server_stop(&stage.consul);
    set_context(TEXT("Consul stopped", "Consul 停止"));
    client_calls_for(2 * CACHE_TTL_S * 1000, &ignored);
    if (server_start(&stage.consul, &err) != 0)
        fail_here("%s", err.text);
    for (int i = 0; i < USERS; i++)
        consul_register(&stage.consul, &stage.callees[i]);
    stage_add(1);
    set_context(TEXT("Consul started again", "Consul 重新启动"));
    if (!stage_all_are_called(BACK_LIMIT_MS))
        fail(TEXT("Consul started again with a fourth instance, but its list was not in use within %d s: after a "
                  "failure, "
                  "ask again",
                  "Consul 重新启动，并且有了第四个实例，但 %d 秒内没有使用新列表：查询失败后，要再次查询"),
             BACK_LIMIT_MS / 1000);
    stage_close();
}

static void fails_with(const char *fault, struct text what, struct text hint)
{
    open_faulty();
    registry_fail(&stage.registry, fault);
    expect_calls_succeed(what, hint);
    stage_close();
}

static void list_is_empty(void)
{
    fails_with(
        "empty", TEXT("Consul's list is suddenly empty", "Consul 的列表突然变空"),
        TEXT("An instance that disappears from the list may still run: try the old list. See exercise 3, the bonus",
             "从列表中消失的实例可能还在运行：请尝试旧列表。见练习 3 的加分项"));
}

static void consul_answers_500(void)
{
    fails_with("500", TEXT("Consul answers 500", "Consul 返回 500"), KEEP_LIST);
}

/* The client starts before Consul does. Without a list each call must fail, and the program must go on. */
static void starts_without_consul(void)
{
    struct err err = ERR_INIT;
    stage_open_consul();
    server_stop(&stage.consul);
    set_context(TEXT("Consul is stopped, and there is no list yet", "Consul 停止，而且还没有列表"));
    client_start(&stage.folder, stage.consul.url);
    for (int i = 0; i < 2; i++)
        if (client_call())
            fail(TEXT("%s: the client printed a user, which it cannot know", "%s：客户端输出了用户，但它不可能知道"),
                 current_context());
    if (server_start(&stage.consul, &err) != 0)
        fail_here("%s", err.text);
    stage_add(1);
    set_context(TEXT("Consul started after the client", "Consul 在客户端之后启动"));
    if (!stage_all_are_called(BACK_LIMIT_MS))
        fail(TEXT("Consul started after the client, but no call succeeded within %d s (%s): ask again after a failure",
                  "Consul 在客户端之后启动，但 %d 秒内没有一次调用成功（%s）：查询失败后，要再次查询"),
             BACK_LIMIT_MS / 1000, client_error());
    stage_close();
}

/* --- An instance fails -------------------------------------------------------------------------------- */

static void instance_killed(void)
{
    struct callee *dead = &stage.callees[1];
    open_consul();
    callee_kill(dead);
    expect_calls_succeed(TEXT("one of three instances is killed (kill -9)", "三个实例之一被 kill -9"),
                         TEXT("Try another instance of the list", "请换列表中的另一个实例重试"));
    consul_await(&stage.consul, dead, false);
    callee_restart(dead, &stage.folder);
    consul_await(&stage.consul, dead, true);
    set_context(TEXT("the killed instance runs again", "被杀的实例重新运行"));
    if (!stage_all_are_called(BACK_LIMIT_MS))
        fail(TEXT("the killed instance runs again and is passing, but got no call within %d s",
                  "被杀的实例已重新运行并恢复健康，但 %d 秒内没有收到调用"),
             BACK_LIMIT_MS / 1000);
    stage_close();
}

/* Makes calls until none of a second's calls goes to it. False: not within the limit. */
static bool is_left(struct callee *callee, int64_t limit_ms)
{
    int64_t deadline = deadline_in(limit_ms);
    bool left = false;
    while (!left && deadline_left(deadline) > 0) {
        struct client_calls ignored;
        callee_take(callee);
        client_calls_for(1000, &ignored);
        left = callee_take(callee) == 0;
    }
    return left;
}

static void instance_hung(void)
{
    struct callee *hung = &stage.callees[1];
    open_consul();
    callee_fail(hung, "hang");
    expect_calls_succeed(TEXT("one of three instances hangs", "三个实例之一卡住"),
                         TEXT("Give each call a timeout of a second or two, then try another instance; after some "
                              "failures, do not pick it for a while",
                              "每次调用设置一两秒的超时，然后换另一个实例；失败几次后，一段时间内不再选它"));
    consul_await(&stage.consul, hung, false);
    if (!is_left(hung, BACK_LIMIT_MS))
        fail(TEXT("a hung instance is critical in Consul, but %d s later calls still go to it: query with ?passing",
                  "卡住的实例在 Consul 中已是异常（critical），但 %d 秒后仍有调用发给它：查询时请加 ?passing"),
             BACK_LIMIT_MS / 1000);
    stage_close();
}

const struct check registry_checks[] = {
    PROGRAM_CHECK(asks_seldom, "the list is cached: Consul is not asked for each call",
                  "列表有缓存：不会每次调用都查询 Consul"),
    PROGRAM_CHECK(list_is_refreshed, "the list is refreshed: a new instance gets calls",
                  "列表会刷新：新实例会收到调用"),
    PROGRAM_CHECK(consul_stopped, "Consul stopped: calls go on", "Consul 停止：调用继续成功"),
    PROGRAM_CHECK(consul_hung, "Consul hung: calls go on, and hardly any waits",
                  "Consul 卡住：调用继续成功，几乎没有等待"),
    PROGRAM_CHECK(consul_back, "Consul started again: its list is in use again", "Consul 重新启动：重新使用它的列表"),
    PROGRAM_CHECK(list_is_empty, "Consul's list is suddenly empty: calls go on", "Consul 的列表突然变空：调用继续成功"),
    PROGRAM_CHECK(consul_answers_500, "Consul answers 500: calls go on", "Consul 返回 500：调用继续成功"),
    PROGRAM_CHECK(starts_without_consul,
                  "Consul starts later than the client: an error for each call, then calls succeed",
                  "Consul 比客户端晚启动：先是每次调用报错，然后调用成功"),
    PROGRAM_CHECK(instance_killed, "an instance is killed: no call fails; it comes back: it gets calls again",
                  "一个实例被 kill -9：没有调用失败；它恢复后重新收到调用"),
    PROGRAM_CHECK(instance_hung, "an instance hangs: no call fails, and it is left",
                  "一个实例卡住：没有调用失败，并且不再调用它"),
    {.run = NULL},
};
