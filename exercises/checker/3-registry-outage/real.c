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
    PATIENCE_MS = 15000,
    LOAD_THREADS = 4,
    CALLS_A_SECOND = 25, /* of each thread */
    SLOW = 5,            /* where each waits a second for Consul it is one in 25 */
};

static struct world world;
static struct service users[USERS], orders;

static void need(int status, const struct err *err)
{
    if (status != 0)
        fail_here("%s", err->text);
}

static void start_user(int i)
{
    struct err err = ERR_INIT;
    char id[40];
    snprintf(id, sizeof id, "SERVICE_ID=user-service-%d", i + 1);
    need(service_start(&users[i], &world, "user-service", (const char *[]){id, NULL}, &err), &err);
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

static void watch_the_load(struct load *load, struct text what, int ms)
{
    struct load_count count;
    int64_t end = clock_ms() + ms;
    set_context(TEXT("for real, %s", "真实运行，%s"), text_of(what));
    while (clock_ms() < end)
        wait_until(source_is, "nobody", 100); /* time passes: that is the point */
    load_take(load, &count);
    if (count.failed)
        fail(TEXT("for real, %s: %d of %d calls failed (%s)", "真实运行，%s：%d 次调用失败（共 %d 次）（%s）"), text_of(what),
             (int)count.failed, (int)(count.ok + count.failed), count.first_failure);
    if ((int)count.ok < LOAD_THREADS * CALLS_A_SECOND * ms / 1000 / SLOW)
        fail(TEXT("for real, %s: only %d calls in %d s came through, %d were meant to: they wait for Consul (level 2)",
                  "真实运行，%s：只完成了 %d 次调用（%d 秒内本应有 %d 次）：请求都在等 Consul（第 2 关）"),
             text_of(what), (int)count.ok, ms / 1000, LOAD_THREADS * CALLS_A_SECOND * ms / 1000);
}

/* A Consul that was started again has forgotten everybody, until they register again: calls that fail
 * meanwhile are the bonus' matter, not this one's. */
static void come_back(struct load *load, struct probe *probe)
{
    struct err err = ERR_INIT;
    struct load_count ignored;
    set_context(TEXT("for real, Consul started again", "真实运行，Consul 重新启动"));
    need(server_start(&world.consul, &err), &err);
    if (!wait_until(source_is, "consul", PATIENCE_MS) || !wait_until(all_are_called, probe, PATIENCE_MS))
        fail(TEXT("for real, Consul started again: its list is not used again", "真实运行，Consul 重新启动：却没有再用它的列表"));
    load_take(load, &ignored);
}

/* From here on each call that asks would wait. */
static void await_stale(struct load *load)
{
    struct load_count ignored;
    set_context(TEXT("for real, Consul hung", "真实运行，Consul 卡住"));
    if (!wait_until(source_is, "cache", PATIENCE_MS))
        fail(TEXT("for real, Consul hung: its list counts as fresh for ever", "真实运行，Consul 卡住：它的列表却一直算新鲜"));
    load_take(load, &ignored);
}

static void open_stage(void)
{
    struct err err = ERR_INIT;
    need(world_start(&world, &err), &err);
    for (int i = 0; i < USERS; i++)
        start_user(i);
    need(service_start(&orders, &world, getenv("EXERCISE_PROGRAM"), (const char *[]){"DISCOVERY_CACHE_TTL=2s", "CALL_TIMEOUT=9s", NULL}, &err),
         &err);
}

void real_outage(void)
{
    char prefix[SERVICE_URL_MAX];
    open_stage();
    struct probe *probe = probe_new();
    if (!wait_until(all_are_called, probe, PATIENCE_MS) || !wait_until(all_are_known, NULL, PATIENCE_MS))
        fail(TEXT("for real, all is well: not all three user-services are called", "真实运行，一切正常：三个 user-service 没有都被调用"));

    struct load *load = load_start(service_url(&orders, "/users/", prefix), LOAD_THREADS, CALLS_A_SECOND);
    server_stop(&world.consul);
    watch_the_load(load, TEXT("Consul stopped for two TTLs", "Consul 停止两个 TTL"), 2 * TTL_MS);
    come_back(load, probe);
    server_pause(&world.consul);
    await_stale(load);
    watch_the_load(load, TEXT("Consul hung for two TTLs", "Consul 卡住两个 TTL"), 2 * TTL_MS);
    server_resume(&world.consul);
    if (!wait_until(source_is, "consul", PATIENCE_MS))
        fail(TEXT("for real, Consul is back: its list is not used again", "真实运行，Consul 已恢复：却没有再用它的列表"));

    struct load_count rest;
    load_stop(load, &rest);
    probe_free(probe);
    proc_stop(&orders.proc, SIGKILL, 0);
    for (int i = 0; i < USERS; i++)
        proc_stop(&users[i].proc, SIGKILL, 0);
    world_stop(&world);
}
