#include "real.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "checker/check.h"
#include "harness/view.h"

enum {
    PATIENCE_MS = 30000,
    ANSWER_MS = 1000, /* HEALTH_TIMEOUT and half a second */
    SLOW_MACHINE_MS = 5000,
};

static struct world world;
static struct service users[2], orders;
static struct server second_redis;

static void require_ok(int status, const struct err *err)
{
    if (status != 0)
        fail_here("%s", err->text);
}

/* DISK_PATH is a link, so that a check can remove it. It leads to a file system that is always empty, however full
 * this machine's disk is. */
static char disk[PLACE_PATH_MAX + 16];

static void disk_start(void)
{
    snprintf(disk, sizeof disk, "%s/disk", world.folder.path);
    if (symlink("/proc", disk) != 0)
        fail_here("%s: %s", disk, strerror(errno));
}

static void start_user(int i, const char *id, const struct server *redis)
{
    struct err err = ERR_INIT;
    char id_setting[64], redis_setting[160], disk_setting[sizeof disk + 16];
    snprintf(id_setting, sizeof id_setting, "SERVICE_ID=%s", id);
    snprintf(redis_setting, sizeof redis_setting, "REDIS_URL=%s", redis->url);
    snprintf(disk_setting, sizeof disk_setting, "DISK_PATH=%s", disk);
    require_ok(service_start(&users[i], &world, getenv("EXERCISE_PROGRAM"),
                       (const char *[]){id_setting, redis_setting, disk_setting, "CHECK_TIMEOUT=2s", "HEALTH_TIMEOUT=500ms",
                                        NULL}, &err),
         &err);
}

/* --- One instance: what /health answers --------------------------------------------------- */

enum { POSTGRES, REDIS, DISK, CHECKS };
static struct server *const servers[] = {[POSTGRES] = &world.postgres, [REDIS] = &world.redis};
static const char *const checks[] = {[POSTGRES] = "postgres", [REDIS] = "redis", [DISK] = "disk"};

/* One after the other. Before the next one the dependency recovers, and /health must report that, too. */
static const struct {
    bool harmed[CHECKS];
    void (*harm)(struct server *server); /* the disk's: NULL */
    struct text what;
} harms[] = {
    {{[POSTGRES] = true}, server_stop, {"PostgreSQL stopped", "PostgreSQL 已停止"}},
    {{[REDIS] = true}, server_stop, {"Redis stopped", "Redis 已停止"}},
    {{[DISK] = true}, NULL, {"the disk cannot be read", "无法读取磁盘"}},
    {{[POSTGRES] = true, [REDIS] = true}, server_pause, {"PostgreSQL and Redis hung", "PostgreSQL 和 Redis 都卡住"}},
};

static void do_harm(size_t i)
{
    for (int which = POSTGRES; which <= REDIS; which++)
        if (harms[i].harmed[which])
            harms[i].harm(servers[which]);
    if (harms[i].harmed[DISK])
        unlink(disk);
}

static void heal(size_t i)
{
    struct err err = ERR_INIT;
    for (int which = POSTGRES; which <= REDIS; which++)
        if (harms[i].harmed[which] && harms[i].harm == server_pause)
            server_resume(servers[which]);
        else if (harms[i].harmed[which])
            require_ok(server_start(servers[which], &err), &err);
    if (harms[i].harmed[DISK])
        disk_start();
}

static int64_t slowest_ms; /* the slowest answer of /health so far */

static int health(struct probe_reply *reply)
{
    char url[SERVICE_URL_MAX];
    int status = probe_get(NULL, service_url(&users[0], "/health", url), reply);
    if (reply->took_us / 1000 > slowest_ms)
        slowest_ms = reply->took_us / 1000;
    return status;
}

static bool is_200(void *arg)
{
    (void)arg;
    struct probe_reply reply = {0};
    bool is = health(&reply) == 200;
    probe_reply_close(&reply);
    return is;
}

static bool has_status(const struct probe_reply *reply, int which, const char *status)
{
    char sought[64];
    snprintf(sought, sizeof sought, "\"%s\":{\"status\":\"%s\"", checks[which], status);
    return reply->body.data && strstr(reply->body.data, sought);
}

static bool is_503_for(void *arg)
{
    const bool *harmed = arg;
    struct probe_reply reply = {0};
    bool is = health(&reply) == 503;
    for (int i = 0; i < CHECKS; i++)
        is = is && has_status(&reply, i, harmed[i] ? "unhealthy" : "healthy");
    probe_reply_close(&reply);
    return is;
}

static _Noreturn void fail_harmed(const char *what)
{
    struct probe_reply reply = {0};
    int status = health(&reply);
    if (status != 503)
        fail(TEXT("for real, %s: /health should answer 503, but answered %d", "真实运行，%s：/health 应返回 503，实际返回 %d"), what, status);
    fail(TEXT("for real, %s: /health should report only that as unhealthy, but its body is %s",
              "真实运行，%s：/health 应只把这一项报告为不健康，实际内容：%s"),
         what, reply.body.data ? reply.body.data : "");
}

static void check_harmed(size_t i)
{
    const char *what = text_of(harms[i].what);
    set_context(TEXT("for real, %s", "真实运行，%s"), what);
    do_harm(i);
    bool seen = wait_until(is_503_for, (void *)(uintptr_t)harms[i].harmed, PATIENCE_MS);
    if (slowest_ms > ANSWER_MS + SLOW_MACHINE_MS)
        fail(TEXT("for real, %s: /health took %d ms; the limit is %d ms", "真实运行，%s：/health 用了 %d 毫秒，上限是 %d 毫秒"), what,
             (int)slowest_ms, ANSWER_MS);
    if (!seen)
        fail_harmed(what);
    heal(i);
}

static void check_healthy(struct text when)
{
    set_context(when);
    if (wait_until(is_200, NULL, PATIENCE_MS))
        return;
    struct probe_reply reply = {0};
    int status = health(&reply);
    fail(TEXT("%s: /health should answer 200, but answered %d: %s", "%s：/health 应返回 200，实际返回 %d：%s"), text_of(when), status,
         reply.body.data ? reply.body.data : "");
}

void real_dependencies(void)
{
    struct err err = ERR_INIT;
    require_ok(world_start(&world, &err), &err);
    disk_start();
    start_user(0, "A", &world.redis);
    check_healthy(TEXT("for real, everything works", "真实运行，一切正常"));
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++)
        check_harmed(i);
    check_healthy(TEXT("for real, everything works again", "真实运行，全部恢复"));
    proc_stop(&users[0].proc, SIGKILL, 0);
    world_stop(&world);
}

/* --- Two instances: what Consul and the caller do ------------------------------------------- */

static bool a_passing(void *arg)
{
    return consul_has(&world.consul, "user-service", "A", true) == *(bool *)arg;
}

static bool both_called(void *arg)
{
    (void)arg;
    struct view view;
    view_take(&orders, "user-service", &view);
    return view.usable == 2;
}

/* How many of the calls A served. */
static int calls_to_a(int calls)
{
    int to_a = 0;
    struct probe *probe = probe_new();
    for (int i = 0; i < calls; i++) {
        struct called called;
        view_call(probe, &orders, 1 + i, &called);
        to_a += strcmp(called.upstream, "A") == 0;
        if (called.status != 200)
            fail(TEXT("for real, two instances: a call answered %d", "真实运行，两个实例：有一次调用返回了 %d"), called.status);
    }
    probe_free(probe);
    return to_a;
}

static bool a_gets_no_calls(void *arg)
{
    (void)arg;
    return calls_to_a(10) == 0;
}

void real_instances(void)
{
    struct err err = ERR_INIT;
    bool in = true, out = false;
    require_ok(world_start(&world, &err), &err);
    require_ok(server_init(&second_redis, SERVER_REDIS, &world.folder, &err), &err);
    require_ok(server_start(&second_redis, &err), &err);
    disk_start();
    start_user(0, "A", &second_redis);
    start_user(1, "B", &world.redis);
    require_ok(service_start(&orders, &world, "order-service", (const char *[]){"CALL_TIMEOUT=12s", NULL}, &err), &err);
    set_context(TEXT("for real, two instances with a Redis each", "真实运行，两个实例各有自己的 Redis"));
    if (!wait_until(both_called, NULL, PATIENCE_MS))
        fail(TEXT("for real, everything works: Consul does not mark both instances as passing",
                  "真实运行，一切正常：Consul 没有把两个实例都标记为健康"));

    server_stop(&second_redis);
    if (!wait_until(a_passing, &out, PATIENCE_MS))
        fail(TEXT("for real, A's Redis is stopped: Consul still lists A as passing",
                  "真实运行，A 的 Redis 已停止：Consul 仍把 A 列为健康"));
    if (!wait_until(a_gets_no_calls, NULL, PATIENCE_MS))
        fail(TEXT("for real, A's Redis is stopped: calls still go to A", "真实运行，A 的 Redis 已停止：请求仍然发给 A"));

    require_ok(server_start(&second_redis, &err), &err);
    if (!wait_until(a_passing, &in, PATIENCE_MS) || !wait_until(both_called, NULL, PATIENCE_MS))
        fail(TEXT("for real, A's Redis is back: Consul does not list A as passing again",
                  "真实运行，A 的 Redis 已恢复：Consul 没有重新把 A 列为健康"));
    proc_stop(&orders.proc, SIGKILL, 0);
    for (int i = 0; i < 2; i++)
        proc_stop(&users[i].proc, SIGKILL, 0);
    server_close(&second_redis);
    world_stop(&world);
}
