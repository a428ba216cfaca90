/* Exercise 1 for a service in any language: its /health is asked while PostgreSQL, Redis and the disk work, stop and
 * hang. The learner's program listens on $PORT. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "checks.h"
#include "harness/http_probe.h"
#include "harness/world.h"
#include "program.h"

enum {
    START_LIMIT_MS = 30000,
    PATIENCE_MS = 10000,    /* until /health notices: it may use a result for some seconds */
    ANSWER_LIMIT_MS = 5000, /* the timeout of the lesson's check in Consul */
    FREE_PERCENT = 20,
};

static struct world world;
static struct proc service;
static char url[64], disk[PLACE_PATH_MAX + 16];

static void require_ok(int status, const struct err *err)
{
    if (status != 0)
        fail_here("%s", err->text);
}

/* --- The service ----------------------------------------------------------------------------------- */

/* DISK_PATH is a link, so that a check can remove it. It leads to a file system with enough free space, however full
 * the disk of this machine is. */
static void link_disk(void)
{
    static const char *const places[] = {"/dev/shm", "/dev", "/tmp", "/"};
    snprintf(disk, sizeof disk, "%s/disk", world.folder.path);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct statvfs now;
        if (statvfs(places[i], &now) != 0 || now.f_blocks == 0 || now.f_bavail * 100 / now.f_blocks < FREE_PERCENT)
            continue;
        if (symlink(places[i], disk) != 0)
            fail_here("%s: %s", disk, strerror(errno));
        return;
    }
    fail_here("%s", text_of(TEXT("no file system has 20 % of free space", "没有任何文件系统有 20% 的剩余空间")));
}

static void start_service(void)
{
    struct port port;
    struct err err = ERR_INIT;
    char number[16], database[160], redis[160], consul[160], disk_path[sizeof disk + 16];
    require_ok(port_take(&port, &err), &err);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/health", port.number);
    snprintf(number, sizeof number, "PORT=%d", port.number);
    snprintf(database, sizeof database, "DATABASE_URL=%s", world.postgres.url);
    snprintf(redis, sizeof redis, "REDIS_URL=%s", world.redis.url);
    snprintf(consul, sizeof consul, "CONSUL_HTTP_ADDR=%s", world.consul.url);
    snprintf(disk_path, sizeof disk_path, "DISK_PATH=%s", disk);
    port_release(&port); /* the program may not set SO_REUSEADDR */
    program_start(&service, &world.folder, "/dev/null", "/dev/null",
                  (const char *const[]){number, database, redis, consul, disk_path, NULL});
}

/* --- What /health answers --------------------------------------------------------------------------- */

static struct {
    int status; /* 0: no reply within ANSWER_LIMIT_MS */
    char body[300];
    struct err err;
} last;

static void ask_health(void)
{
    struct probe_reply reply = {0};
    last.err = (struct err)ERR_INIT;
    last.status = 0;
    snprintf(last.body, sizeof last.body, "%s", "");
    if (probe_send(NULL, &(struct probe_request){.url = url, .timeout_ms = ANSWER_LIMIT_MS}, &reply, &last.err) == 0) {
        last.status = reply.status;
        snprintf(last.body, sizeof last.body, "%.*s", (int)reply.body.len, buf_text(&reply.body));
        for (char *at = last.body; *at; at++) /* in one line */
            if (iscntrl((unsigned char)*at))
                *at = ' ';
    }
    probe_reply_close(&reply);
}

static bool has_status(void *arg)
{
    if (!proc_is_running(&service))
        program_fail_ended(&service,
                           TEXT("it must listen on $PORT until it is stopped", "它要监听 $PORT，一直运行到被停止"));
    ask_health();
    return last.status == *(int *)arg;
}

static void expect(int status, int64_t limit_ms)
{
    if (wait_until(has_status, &status, limit_ms))
        return;
    program_show_errors(&service);
    if (last.err.code == ERR_UNREACHABLE)
        fail(TEXT("%s: /health cannot be reached: listen on 127.0.0.1, port $PORT",
                  "%s：连接不上 /health：请监听 127.0.0.1 的 $PORT 端口"),
             current_context());
    if (last.status == 0)
        fail(TEXT("%s: /health should answer %d, but did not answer within %d s. Give each check a timeout. See "
                  "exercise 1",
                  "%s：/health 应返回 %d，但 %d 秒内没有响应。每项检查都要设置超时。见练习 1"),
             current_context(), status, ANSWER_LIMIT_MS / 1000);
    fail(TEXT("%s: /health should answer %d, but answered %d: %s. See exercise 1",
              "%s：/health 应返回 %d，实际返回 %d：%s。见练习 1"),
         current_context(), status, last.status, last.body);
}

/* --- The checks -------------------------------------------------------------------------------------- */

static void open_world(void)
{
    struct err err = ERR_INIT;
    require_ok(world_start(&world, &err), &err);
    link_disk();
    set_context(TEXT("everything works", "一切正常"));
    start_service();
    expect(200, START_LIMIT_MS);
}

static void close_world(void)
{
    proc_kill_all(&service, PATIENCE_MS);
    world_stop(&world);
}

static void all_healthy(void)
{
    open_world();
    close_world();
}

/* Stops or hangs it, and lets it recover. */
static void break_and_heal(struct server *server, bool hang, struct text broken, struct text healed)
{
    struct err err = ERR_INIT;
    open_world();
    set_context(broken);
    (hang ? server_pause : server_stop)(server);
    expect(503, PATIENCE_MS);
    set_context(healed);
    if (hang)
        server_resume(server);
    else
        require_ok(server_start(server, &err), &err);
    expect(200, PATIENCE_MS);
    close_world();
}

static void postgres_stopped(void)
{
    break_and_heal(&world.postgres, false, TEXT("PostgreSQL stopped", "PostgreSQL 已停止"),
                   TEXT("PostgreSQL runs again", "PostgreSQL 已恢复"));
}

static void postgres_hung(void)
{
    break_and_heal(&world.postgres, true, TEXT("PostgreSQL hung", "PostgreSQL 卡住"),
                   TEXT("PostgreSQL runs again", "PostgreSQL 已恢复"));
}

static void redis_stopped(void)
{
    break_and_heal(&world.redis, false, TEXT("Redis stopped", "Redis 已停止"),
                   TEXT("Redis runs again", "Redis 已恢复"));
}

static void redis_hung(void)
{
    break_and_heal(&world.redis, true, TEXT("Redis hung", "Redis 卡住"), TEXT("Redis runs again", "Redis 已恢复"));
}

static void disk_unreadable(void)
{
    open_world();
    set_context(TEXT("DISK_PATH cannot be read", "无法读取 DISK_PATH"));
    unlink(disk);
    expect(503, PATIENCE_MS);
    set_context(TEXT("DISK_PATH can be read again", "DISK_PATH 已恢复"));
    link_disk();
    expect(200, PATIENCE_MS);
    close_world();
}

const struct check health_checks[] = {
    {.title = {"everything works: /health answers 200", "一切正常：/health 返回 200"},
     .run = all_healthy,
     .real = true,
     .external = true,
     .gate = true,
     .limit_s = CHECK_REAL_LIMIT_S},
    PROGRAM_CHECK(postgres_stopped, "PostgreSQL stopped: 503, then 200 again", "PostgreSQL 停止：503，恢复后 200"),
    PROGRAM_CHECK(postgres_hung, "PostgreSQL hung: 503 in time, then 200 again",
                  "PostgreSQL 卡住：及时返回 503，恢复后 200"),
    PROGRAM_CHECK(redis_stopped, "Redis stopped: 503, then 200 again", "Redis 停止：503，恢复后 200"),
    PROGRAM_CHECK(redis_hung, "Redis hung: 503 in time, then 200 again", "Redis 卡住：及时返回 503，恢复后 200"),
    PROGRAM_CHECK(disk_unreadable, "the disk cannot be read: 503, then 200 again", "磁盘无法读取：503，恢复后 200"),
    {.run = NULL},
};
