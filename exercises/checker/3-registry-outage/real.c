#include "real.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "checker/check.h"
#include "harness/load.h"
#include "harness/view.h"

enum {
    USERS = 3,
    TTL_MS = 2000,
    PATIENCE_MS = 30000,
    LOAD_THREADS = 4,
    CALLS_A_SECOND = 25, /* of each thread */
    SLOW = 5, /* too slow: fewer than one in 5 planned calls. If each call waits a second for Consul, one in 25 is made */
};

static struct world world;
static struct service users[USERS], orders;

static void require_ok(int status, const struct err *err)
{
    if (status != 0)
        fail_here("%s", err->text);
}

static void start_user(int i)
{
    struct err err = ERR_INIT;
    char id[40];
    snprintf(id, sizeof id, "SERVICE_ID=user-service-%d", i + 1);
    require_ok(service_start(&users[i], &world, "user-service", (const char *[]){id, NULL}, &err), &err);
}

static bool all_are_known(void *arg)
{
    (void)arg;
    struct view view;
    view_take(&orders, "user-service", &view);
    return view.usable == USERS;
}

static bool all_are_called(void *arg)
{
    bool seen[USERS] = {false};
    struct probe *probe = arg;
    for (int i = 0; i < 10; i++) {
        struct called called;
        view_call(probe, &orders, 1 + i, &called);
        for (int user = 0; user < USERS; user++) {
            char id[40];
            snprintf(id, sizeof id, "user-service-%d", user + 1);
            seen[user] |= strcmp(called.upstream, id) == 0;
        }
    }
    return seen[0] && seen[1] && seen[2];
}

static bool source_is(void *arg)
{
    struct view view;
    view_take(&orders, "user-service", &view);
    return strcmp(view.source, arg) == 0;
}

static void observe_load(struct load *load, struct text what, int ms)
{
    struct load_count count;
    int64_t end = clock_ms() + ms;
    set_context(TEXT("for real, %s", "真实运行，%s"), text_of(what));
    while (clock_ms() < end)
        wait_until(source_is, "never", 100); /* only lets time pass */
    load_take(load, &count);
    if (count.failed)
        fail(TEXT("for real, %s: %d of %d calls failed (%s)", "真实运行，%s：%d 次调用失败（共 %d 次）（%s）"), text_of(what),
             (int)count.failed, (int)(count.ok + count.failed), count.first_failure);
    if ((int)count.ok < LOAD_THREADS * CALLS_A_SECOND * ms / 1000 / SLOW)
        fail(TEXT("for real, %s: only %d calls in %d s succeeded, %d were planned: they wait for Consul (level 2)",
                  "真实运行，%s：只完成了 %d 次调用（%d 秒内本应有 %d 次）：请求在等待 Consul（第 2 关）"),
             text_of(what), (int)count.ok, ms / 1000, LOAD_THREADS * CALLS_A_SECOND * ms / 1000);
}

/* After a restart Consul's list is empty until the instances register again. Calls that fail meanwhile belong to
 * the bonus and are not counted here. */
static void come_back(struct load *load, struct probe *probe)
{
    struct err err = ERR_INIT;
    struct load_count ignored;
    set_context(TEXT("for real, Consul started again", "真实运行，Consul 重新启动"));
    require_ok(server_start(&world.consul, &err), &err);
    if (!wait_until(source_is, "consul", PATIENCE_MS) || !wait_until(all_are_called, probe, PATIENCE_MS))
        fail(TEXT("for real, Consul started again, but its list is not in use again", "真实运行，Consul 重新启动，却没有重新使用它的列表"));
    load_take(load, &ignored);
}

/* Waits until the list is stale. From then on each call that queries Consul waits. */
static void await_stale(struct load *load)
{
    struct load_count ignored;
    set_context(TEXT("for real, Consul hung", "真实运行，Consul 卡住"));
    if (!wait_until(source_is, "cache", PATIENCE_MS))
        fail(TEXT("for real, Consul hung: its list counts as fresh forever", "真实运行，Consul 卡住：它的列表却一直算新鲜"));
    load_take(load, &ignored);
}

static void open_stage(void)
{
    struct err err = ERR_INIT;
    require_ok(world_start(&world, &err), &err);
    for (int i = 0; i < USERS; i++)
        start_user(i);
    require_ok(service_start(&orders, &world, getenv("EXERCISE_PROGRAM"), (const char *[]){"DISCOVERY_CACHE_TTL=2s", NULL}, &err),
         &err);
}

void real_outage(void)
{
    char prefix[SERVICE_URL_MAX];
    open_stage();
    struct probe *probe = probe_new();
    if (!wait_until(all_are_called, probe, PATIENCE_MS) || !wait_until(all_are_known, NULL, PATIENCE_MS))
        fail(TEXT("for real, everything works: not all three user-services are called", "真实运行，一切正常：三个 user-service 没有都被调用"));

    struct load *load = load_start(service_url(&orders, "/users/", prefix), LOAD_THREADS, CALLS_A_SECOND);
    server_stop(&world.consul);
    observe_load(load, TEXT("Consul stopped for two TTLs", "Consul 停止两个 TTL"), 2 * TTL_MS);
    come_back(load, probe);
    server_pause(&world.consul);
    await_stale(load);
    observe_load(load, TEXT("Consul hung for two TTLs", "Consul 卡住两个 TTL"), 2 * TTL_MS);
    server_resume(&world.consul);
    if (!wait_until(source_is, "consul", PATIENCE_MS))
        fail(TEXT("for real, Consul is back, but its list is not in use again", "真实运行，Consul 已恢复，却没有重新使用它的列表"));

    struct load_count rest;
    load_stop(load, &rest);
    probe_free(probe);
    proc_stop(&orders.proc, SIGKILL, 0);
    for (int i = 0; i < USERS; i++)
        proc_stop(&users[i].proc, SIGKILL, 0);
    world_stop(&world);
}
