/* Pitfall 1: a health check that only shows that the process runs. One of three instances loses its database. The
 * lesson's service stays healthy in Consul, and every third call fails; the project's /health checks the database, so
 * Consul takes the instance out of the list. The database connection of the instance is a PgBouncer of its own, which
 * is killed. */
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "harness/load.h"
#include "harness/view.h"
#include "lesson_run.h"
#include "pitfalls.h"
#include "report.h"

enum { USERS = 3, BROKEN = 1, RATE = 20, BEFORE_MS = 4000, OUTAGE_MS = 16000, STEP_MS = 2000, READY_MS = 60000 };

static const char shallow[] = "shallow-users", deep[] = "deep-users";

static struct stage {
    struct world world;
    struct server link; /* the database connection of the instance that breaks */
    struct proc shallow[USERS];
    struct service deep[USERS], orders;
    struct lesson_client shallow_client, deep_client;
    struct load *load;
    char port[16];
} stage;

/* --- Start ---------------------------------------------------------------------------------- */

static int start_link(struct err *err)
{
    if (server_init(&stage.link, SERVER_PGBOUNCER, &stage.world.folder, err) != 0)
        return -1;
    snprintf(stage.port, sizeof stage.port, "%d", stage.world.postgres.port.number);
    stage.link.options[0] = stage.port;
    stage.link.options[1] = "session";
    return server_start(&stage.link, err);
}

static int start_users(struct err *err)
{
    for (int i = 0; i < USERS; i++) {
        char id[48], database[192];
        const char *url = i == BROKEN ? stage.link.url : stage.world.postgres.url;
        snprintf(id, sizeof id, "SERVICE_ID=%s-%d", deep, i + 1);
        snprintf(database, sizeof database, "DATABASE_URL=%s", url);
        const char *const env[] = {"SERVICE_NAME=deep-users", id, database, NULL};
        if (lesson_service_start(&stage.shallow[i], &stage.world.folder, &stage.world.consul, shallow, i + 1, "1s", url,
                                 err) != 0 ||
            service_start(&stage.deep[i], &stage.world, "user-service", env, err) != 0)
            return -1;
    }
    return 0;
}

static int passing(const char *service)
{
    return consul_count(&stage.world.consul, service, true);
}

static bool all_are_passing(void *arg)
{
    (void)arg;
    return passing(shallow) == USERS && passing(deep) == USERS;
}

static bool all_are_known(void *arg)
{
    struct view view;
    (void)arg;
    view_take(&stage.orders, deep, &view);
    return view.usable == USERS;
}

static int start(struct err *err)
{
    char prefix[SERVICE_URL_MAX];
    const char *const env[] = {"USER_SERVICE_NAME=deep-users", NULL};
    report_progress("%s", SAY("starting PostgreSQL, Redis, Consul and three instances of each service",
                              "正在启动 PostgreSQL、Redis、Consul，以及两种服务各三个实例"));
    if (world_start(&stage.world, err) != 0 || start_link(err) != 0 || start_users(err) != 0)
        return -1;
    if (!wait_until(all_are_passing, NULL, READY_MS))
        return err_set(err, ERR_TIMEOUT, "not all instances become passing in Consul");
    if (service_start(&stage.orders, &stage.world, "order-service", env, err) != 0)
        return -1;
    if (!wait_until(all_are_known, NULL, READY_MS))
        return err_set(err, ERR_TIMEOUT, "order-service does not discover all instances");
    if (lesson_client_start(&stage.shallow_client, &stage.world, shallow, 0, RATE, err) != 0 ||
        lesson_client_start(&stage.deep_client, &stage.world, deep, 0, RATE, err) != 0)
        return -1;
    stage.load = load_start(service_url(&stage.orders, "/users/", prefix), 1, RATE);
    return stage.load ? 0 : err_set(err, ERR_FAILED, "cannot start the load: cannot create a thread");
}

static void stop(void)
{
    struct lesson_count ignored;
    lesson_client_stop(&stage.shallow_client, &ignored);
    lesson_client_stop(&stage.deep_client, &ignored);
    proc_stop(&stage.orders.proc, SIGKILL, 0);
    for (int i = 0; i < USERS; i++) {
        proc_stop(&stage.shallow[i], SIGKILL, 0);
        proc_stop(&stage.deep[i].proc, SIGKILL, 0);
    }
    server_close(&stage.link);
    world_stop(&stage.world);
}

/* --- The outage --------------------------------------------------------------------------------- */

struct result {
    struct lesson_count shallow, deep;
    struct load_count project;
    int shallow_passing;
    int64_t noticed_ms;            /* until Consul marked the instance with the deep check critical; -1: never */
    int deep_early, shallow_early; /* failed calls, until STEP_MS after this */
};

static void show(struct result *result)
{
    lesson_client_count(&stage.shallow_client, &result->shallow);
    lesson_client_count(&stage.deep_client, &result->deep);
    result->shallow_passing = passing(shallow);
    report_progress(SAY("shallow: %d/3 passing, %d calls failed; deep: %d/3 passing, %d calls failed",
                        "浅检查：%d/3 健康，失败 %d 次；深度检查：%d/3 健康，失败 %d 次"),
                    result->shallow_passing, result->shallow.failed, passing(deep), result->deep.failed);
}

static bool deep_is_noticed(void *arg)
{
    (void)arg;
    return passing(deep) == USERS - 1;
}

static void run(struct result *result)
{
    sleep_ms(BEFORE_MS);
    show(result);
    report_progress("%s", SAY("instance 2 of each service loses its connection to the database",
                              "两种服务的实例 2 都失去数据库连接"));
    int64_t end = deadline_in(OUTAGE_MS);
    server_kill(&stage.link);
    result->noticed_ms = time_until(deep_is_noticed, NULL, OUTAGE_MS);
    if (result->noticed_ms >= 0)
        report_progress(SAY("Consul marks instance 2 of the service with the deep check critical, after %.1f s",
                            "%.1f 秒后，Consul 把深度检查服务的实例 2 标为异常（critical）"),
                        (double)result->noticed_ms / 1000);
    sleep_ms(STEP_MS); /* for the calls that began before */
    show(result);
    result->deep_early = result->deep.failed;
    result->shallow_early = result->shallow.failed;
    while (deadline_left(end) > 0) {
        sleep_ms(deadline_left(end) < STEP_MS ? deadline_left(end) : STEP_MS);
        show(result);
    }
    load_stop(stage.load, &result->project);
}

static int judge(const struct result *result)
{
    const struct load_count *project = &result->project;
    const char *never = SAY("never", "一直没有");
    const char *noticed = result->noticed_ms < 0 ? never : cell("%.1f s", (double)result->noticed_ms / 1000);
    printf("\n");
    report_row("", SAY("calls", "调用"), SAY("failed", "失败"), SAY("noticed after", "发现用时"));
    report_row(SAY("shallow check, the lesson's client", "浅检查，课程的调用方"),
               cell("%d", result->shallow.ok + result->shallow.failed), cell("%d", result->shallow.failed),
               result->shallow_passing == USERS ? never : "?");
    report_row(SAY("deep check, the lesson's client", "深度检查，课程的调用方"),
               cell("%d", result->deep.ok + result->deep.failed), cell("%d", result->deep.failed), noticed);
    report_row(SAY("deep check, the project's order-service", "深度检查，本项目的 order-service"),
               cell("%d", (int)(project->ok + project->failed)), cell("%d", (int)project->failed), noticed);
    report_expect(result->shallow_passing == USERS,
                  SAY("Consul lists the broken instance with the shallow check", "Consul 仍列出浅检查的故障实例"));
    report_expect(result->noticed_ms >= 0,
                  SAY("Consul marks the broken instance with the deep check", "Consul 把深度检查的故障实例标为异常"));
    report_expect(result->shallow.failed > result->shallow_early && result->shallow_early > 0,
                  SAY("with the shallow check calls fail for as long as the database is gone",
                      "浅检查：数据库断开期间一直有调用失败"));
    report_expect(
        (result->deep.failed - result->deep_early) * 4 < result->shallow.failed - result->shallow_early,
        SAY("with the deep check no call fails after Consul has noticed", "深度检查：Consul 发现之后没有调用失败"));
    report_expect(result->shallow.failed > result->deep.failed,
                  SAY("more calls fail with the shallow check", "浅检查时失败的调用更多"));
    report_expect(project->failed == 0, SAY("no call of order-service fails", "order-service 的调用没有失败"));
    return report_end(
        SAY("With the shallow check %d calls failed, for as long as the database was gone; with the deep check "
            "%d, until Consul noticed; order-service retries on another instance: %d.",
            "浅检查：数据库断开期间一直有调用失败，共 %d 次；深度检查：Consul 发现之前失败 %d 次；"
            "order-service 换一个实例重试，失败 %d 次。"),
        result->shallow.failed, result->deep.failed, (int)project->failed);
}

int shallow_check(struct err *err)
{
    struct result result = {.noticed_ms = -1};
    report_begin(1, SAY("a health check that only shows that the process runs", "健康检查只检查进程存活"),
                 SAY("/health always replies 200 (consul-dev/pitfalls/lesson/shallow_service.c)",
                     "/health 总是返回 200（consul-dev/pitfalls/lesson/shallow_service.c）"),
                 SAY("/health also checks PostgreSQL, Redis and the disk (common/service/health.c)",
                     "/health 还检查 PostgreSQL、Redis 和磁盘（common/service/health.c）"));
    int status = start(err);
    if (status == 0)
        run(&result);
    stop();
    return status == 0 ? judge(&result) : -1;
}
