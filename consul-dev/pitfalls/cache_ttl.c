/* Pitfall 3: the TTL of the cache. Three instances are replaced one after another: a new one starts, the old one is
 * deregistered and killed. Four callers with the same load: the lesson's client with a TTL of 1 s, 10 s and 300 s, and
 * the project's order-service, which watches. A stale call went to an instance that was gone. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harness/load.h"
#include "harness/view.h"
#include "lesson_run.h"
#include "pitfalls.h"
#include "plot.h"
#include "report.h"

enum { USERS = 3, TTLS = 3, WATCH = TTLS, CALLERS = TTLS + 1, RATE = 20, LIMIT_MS = 60000 };
enum { FIRST_MS = 3000, EVERY_MS = 9000, WHOLE_MS = 28000, STEP_MS = 2000 };

static const char service[] = "user-service";
static const int ttl_s[TTLS] = {1, 10, 300};

static struct stage {
    struct world world;
    struct service users[USERS], orders;
    int ids; /* given out so far */
    struct lesson_client client[TTLS];
    struct load *load;
} stage;

struct caller {
    int calls, failed, stale, queries;
};

/* --- Start ---------------------------------------------------------------------------------------- */

static int start_user(struct service *user, struct err *err)
{
    char id[48];
    snprintf(id, sizeof id, "SERVICE_ID=%s-%d", service, ++stage.ids);
    const char *const env[] = {id, NULL};
    return service_start(user, &stage.world, service, env, err);
}

static bool all_are_passing(void *arg)
{
    return consul_count(&stage.world.consul, service, true) == *(const int *)arg;
}

static bool all_are_known(void *arg)
{
    struct view view;
    (void)arg;
    view_take(&stage.orders, service, &view);
    return view.usable == USERS;
}

/* With Consul's default for check_update_interval: the output of a check that stays healthy is not a change. run-consul
 * sets 0, so that a person sees each output at once; a watch then returns after every check. */
static int restart_consul(struct err *err)
{
    struct server *consul = &stage.world.consul;
    server_stop(consul);
    consul->options[0] = "-dev";
    consul->options[1] = "-hcl";
    consul->options[2] = "check_update_interval = \"5m\"";
    return server_start(consul, err);
}

static int start(struct err *err)
{
    report_progress("%s", SAY("starting PostgreSQL, Redis, Consul and three user-services",
                              "正在启动 PostgreSQL、Redis、Consul 和三个 user-service"));
    if (world_start(&stage.world, err) != 0 || restart_consul(err) != 0)
        return -1;
    for (int i = 0; i < USERS; i++)
        if (start_user(&stage.users[i], err) != 0)
            return -1;
    if (!wait_until(all_are_passing, &(int){USERS}, LIMIT_MS))
        return err_set(err, ERR_TIMEOUT, "not all user-services become passing in Consul");
    if (service_start(&stage.orders, &stage.world, "order-service",
                      (const char *const[]){"DISCOVERY_CACHE_TTL=30s", NULL}, err) != 0)
        return -1;
    return wait_until(all_are_known, NULL, LIMIT_MS)
               ? 0
               : err_set(err, ERR_TIMEOUT, "order-service does not discover all user-services");
}

static int start_load(struct err *err)
{
    char prefix[SERVICE_URL_MAX];
    for (int i = 0; i < TTLS; i++)
        if (lesson_client_start(&stage.client[i], &stage.world, service, ttl_s[i], RATE, err) != 0)
            return -1;
    stage.load = load_start(service_url(&stage.orders, "/users/", prefix), 1, RATE);
    return stage.load ? 0 : err_set(err, ERR_FAILED, "cannot start the load: cannot create a thread");
}

static void stop(void)
{
    struct lesson_count ignored;
    for (int i = 0; i < TTLS; i++)
        lesson_client_stop(&stage.client[i], &ignored);
    proc_stop(&stage.orders.proc, SIGKILL, 0);
    for (int i = 0; i < USERS; i++)
        proc_stop(&stage.users[i].proc, SIGKILL, 0);
    world_stop(&stage.world);
}

/* --- Replace the instances -------------------------------------------------------------------------- */

static int replace(int i, struct err *err)
{
    struct service old = stage.users[i];
    int status = start_user(&stage.users[i], err);
    if (status == 0 && !wait_until(all_are_passing, &(int){USERS + 1}, LIMIT_MS))
        status = err_set(err, ERR_TIMEOUT, "a new user-service does not become passing in Consul");
    consul_deregister(&stage.world.consul, service, i + 1);
    proc_stop(&old.proc, SIGKILL, 0);
    report_progress(SAY("user-service-%d runs on another port; user-service-%d is deregistered and gone",
                        "user-service-%d 在另一个端口启动；user-service-%d 已注销并停止"),
                    stage.ids, i + 1);
    return status;
}

/* --- Count ------------------------------------------------------------------------------------------- */

/* The sum of a metric of order-service, of all its lines with this label. */
static int metric(const char *name, const char *label)
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    int sum = 0;
    if (probe_get(NULL, service_url(&stage.orders, "/metrics", url), &reply) == 200) {
        char *rest = (char *)(uintptr_t)buf_text(&reply.body), *line;
        while ((line = strsep(&rest, "\n")) != NULL)
            if (strncmp(line, name, strlen(name)) == 0 && strstr(line, label))
                sum += atoi(strrchr(line, ' ') + 1);
    }
    probe_reply_close(&reply);
    return sum;
}

static int queries_of_watch(void)
{
    return metric("registry_requests_total{", "call=\"fetch\"");
}

/* An attempt at an instance that is gone is refused at once, and tried again on another instance. */
static int stale_of_watch(void)
{
    return metric("service_call_retries_total{", service);
}

static void count(struct caller caller[CALLERS])
{
    struct load_count load;
    load_take(stage.load, &load);
    caller[WATCH].calls += (int)(load.ok + load.failed);
    caller[WATCH].failed += (int)load.failed;
    caller[WATCH].stale = stale_of_watch() + caller[WATCH].failed;
    for (int i = 0; i < TTLS; i++) {
        struct lesson_count lesson;
        lesson_client_count(&stage.client[i], &lesson);
        caller[i] = (struct caller){lesson.ok + lesson.failed, lesson.failed, lesson.failed, lesson.queries};
    }
}

static void show(const struct caller caller[CALLERS])
{
    report_progress(SAY("stale calls so far: TTL 1 s: %d, 10 s: %d, 300 s: %d, watch: %d",
                        "目前打到已下线实例的调用：TTL 1 秒 %d 次，10 秒 %d 次，300 秒 %d 次，变更通知 %d 次"),
                    caller[0].stale, caller[1].stale, caller[2].stale, caller[WATCH].stale);
}

static int run(struct caller caller[CALLERS], struct err *err)
{
    int before = queries_of_watch();
    int64_t began = clock_ms(), next = began + FIRST_MS;
    if (start_load(err) != 0)
        return -1;
    for (int replaced = 0; clock_ms() < began + WHOLE_MS;) {
        if (replaced < USERS && clock_ms() >= next) {
            if (replace(replaced++, err) != 0)
                return -1;
            next += EVERY_MS;
        }
        sleep_ms(STEP_MS);
        count(caller);
        show(caller);
    }
    caller[WATCH].queries = queries_of_watch() - before;
    return 0;
}

/* --- The verdict ----------------------------------------------------------------------------------------- */

static double per_second(const struct caller *caller)
{
    return (double)caller->queries * RATE / caller->calls; /* the calls are the clock: RATE in each second */
}

static double stale_percent(const struct caller *caller)
{
    return 100.0 * caller->stale / caller->calls;
}

static void print_results(const struct caller caller[CALLERS])
{
    static const char *const names[CALLERS] = {"TTL 1 s", "TTL 10 s", "TTL 300 s", "watch"};
    struct plot_point points[CALLERS];
    for (int i = 0; i < CALLERS; i++)
        points[i] = (struct plot_point){per_second(&caller[i]), stale_percent(&caller[i]), names[i]};
    printf("\n");
    plot_print(points, CALLERS, SAY("queries of Consul per second", "每秒查询 Consul 的次数"),
               SAY("stale calls, %", "打到已下线实例的调用，%"));
    printf("\n");
    report_row("", SAY("calls", "调用"), SAY("stale", "打到已下线实例"), SAY("failed", "失败"),
               SAY("queries/s", "查询/秒"));
    for (int i = 0; i < CALLERS; i++)
        report_row(i == WATCH ? SAY("the project's: watch", "本项目：变更通知")
                              : cell(SAY("the lesson's: %s", "课程的写法：%s"), names[i]),
                   cell("%d", caller[i].calls), cell("%d", caller[i].stale), cell("%d", caller[i].failed),
                   cell("%.2f", per_second(&caller[i])));
}

static int judge(const struct caller caller[CALLERS])
{
    for (int i = 0; i < CALLERS; i++)
        if (!report_expect(caller[i].calls > 0, SAY("every caller makes calls", "每个调用方都发出调用")))
            return report_end("%s", "");
    print_results(caller);
    const struct caller *watch = &caller[WATCH];
    report_expect(stale_percent(&caller[2]) > stale_percent(&caller[1]) &&
                      stale_percent(&caller[1]) > stale_percent(&caller[0]),
                  SAY("a longer TTL makes more calls stale", "TTL 越长，打到已下线实例的调用越多"));
    report_expect(per_second(&caller[0]) > per_second(&caller[1]) && per_second(&caller[1]) >= per_second(&caller[2]),
                  SAY("a shorter TTL queries Consul more often", "TTL 越短，查询 Consul 越频繁"));
    report_expect(stale_percent(watch) <= stale_percent(&caller[0]) && per_second(watch) < per_second(&caller[0]),
                  SAY("the watch: as few stale calls as TTL 1 s, with fewer queries",
                      "变更通知：过期调用不多于 TTL 1 秒，查询更少"));
    report_expect(watch->failed == 0, SAY("no call of order-service fails", "order-service 的调用没有失败"));
    return report_end(
        SAY("TTL 1 s, 10 s, 300 s: %.1f %%, %.1f %%, %.1f %% of the calls went to an instance that was gone, "
            "with %.2f, %.2f, %.2f queries a second; the watch: %.1f %%, with %.2f.",
            "TTL 1 秒、10 秒、300 秒：%.1f%%、%.1f%%、%.1f%% 的调用打到已下线的实例，"
            "每秒查询 %.2f、%.2f、%.2f 次；变更通知：%.1f%%，每秒查询 %.2f 次。"),
        stale_percent(&caller[0]), stale_percent(&caller[1]), stale_percent(&caller[2]), per_second(&caller[0]),
        per_second(&caller[1]), per_second(&caller[2]), stale_percent(watch), per_second(watch));
}

int cache_ttl(struct err *err)
{
    struct caller caller[CALLERS] = {{0}};
    report_begin(3, SAY("the TTL of the cache", "缓存过期时间设置不当"),
                 SAY("a cache with a TTL of 1 s, 10 s, 300 s (consul-dev/pitfalls/lesson/service_client.c)",
                     "缓存 TTL 为 1 秒、10 秒、300 秒（consul-dev/pitfalls/lesson/service_client.c）"),
                 SAY("a watch: Consul reports each change (common/discovery/watch.c)",
                     "变更通知：Consul 主动通知每次变化（common/discovery/watch.c）"));
    int status = start(err);
    if (status == 0)
        status = run(caller, err);
    stop();
    return status == 0 ? judge(caller) : -1;
}
