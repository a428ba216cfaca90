/* Pitfall 4: the list is empty. First an operator deregisters all instances by mistake: they still run, and register
 * again after a second. Then all instances really stop, and start again. The lesson's client chooses from the empty
 * list and ends; the project's order-service keeps the instances that it knows, or replies 503. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "harness/load.h"
#include "harness/view.h"
#include "lesson_run.h"
#include "pitfalls.h"
#include "report.h"

enum { USERS = 2, RATE = 20, CALM_MS = 3000, MISTAKE_MS = 2000, AGAIN_MS = 50, LIMIT_MS = 60000 };

static const char service[] = "user-service";

static struct stage {
    struct world world;
    struct service users[USERS], orders;
    struct lesson_client client;
    struct load *load;
} stage;

struct result {
    struct lesson_count lesson, lesson_before;
    struct load_count before, mistake;
    int none, back; /* statuses of order-service */
    bool degraded;  /* it shows an order without its user */
    bool survived;
};

/* --- Start ---------------------------------------------------------------------------------------- */

static int start_users(struct err *err)
{
    for (int i = 0; i < USERS; i++) {
        char id[48];
        snprintf(id, sizeof id, "SERVICE_ID=%s-%d", service, i + 1);
        const char *const env[] = {id, "RECONCILE_INTERVAL=1s", NULL};
        if (service_start(&stage.users[i], &stage.world, service, env, err) != 0)
            return -1;
    }
    return 0;
}

static bool all_are_passing(void *arg)
{
    (void)arg;
    return consul_count(&stage.world.consul, service, true) == USERS;
}

static bool all_are_known(void *arg)
{
    struct view view;
    (void)arg;
    view_take(&stage.orders, service, &view);
    return view.usable == USERS;
}

static int start(struct err *err)
{
    char prefix[SERVICE_URL_MAX];
    report_progress("%s", SAY("starting PostgreSQL, Redis, Consul and two user-services",
                              "正在启动 PostgreSQL、Redis、Consul 和两个 user-service"));
    if (world_start(&stage.world, err) != 0 || start_users(err) != 0)
        return -1;
    if (!wait_until(all_are_passing, NULL, LIMIT_MS))
        return err_set(err, ERR_TIMEOUT, "not all user-services become passing in Consul");
    if (service_start(&stage.orders, &stage.world, "order-service", NULL, err) != 0)
        return -1;
    if (!wait_until(all_are_known, NULL, LIMIT_MS))
        return err_set(err, ERR_TIMEOUT, "order-service does not discover all user-services");
    if (lesson_client_start(&stage.client, &stage.world, service, 0, RATE, err) != 0)
        return -1;
    stage.load = load_start(service_url(&stage.orders, "/users/", prefix), 1, RATE);
    return stage.load ? 0 : err_set(err, ERR_FAILED, "cannot start the load: cannot create a thread");
}

static void stop(void)
{
    struct lesson_count ignored;
    lesson_client_stop(&stage.client, &ignored);
    proc_stop(&stage.orders.proc, SIGKILL, 0);
    for (int i = 0; i < USERS; i++)
        proc_stop(&stage.users[i].proc, SIGKILL, 0);
    world_stop(&stage.world);
}

/* --- An empty list, though all instances run ------------------------------------------------------- */

static void show(const struct load_count *count)
{
    struct lesson_count lesson;
    lesson_client_count(&stage.client, &lesson);
    report_progress(SAY("the lesson's client: %d ok, %d failed, %s; order-service: %d ok, %d failed",
                        "课程的调用方：成功 %d，失败 %d，%s；order-service：成功 %d，失败 %d"),
                    lesson.ok, lesson.failed, lesson.crashed ? SAY("has ended", "已退出") : SAY("runs", "在运行"),
                    (int)count->ok, (int)count->failed);
}

static void make_mistake(struct result *result)
{
    sleep_ms(CALM_MS);
    load_take(stage.load, &result->before);
    lesson_client_count(&stage.client, &result->lesson_before);
    show(&result->before);
    report_progress("%s", SAY("all instances are deregistered by mistake: they run, but Consul's list is empty",
                              "误操作：所有实例被注销；它们仍在运行，但 Consul 的列表为空"));
    for (int64_t end = deadline_in(MISTAKE_MS); deadline_left(end) > 0; sleep_ms(AGAIN_MS))
        for (int i = 0; i < USERS; i++)
            consul_deregister(&stage.world.consul, service, i + 1);
    time_until(all_are_passing, NULL, LIMIT_MS);
    report_progress("%s", SAY("the instances have registered again", "实例已重新注册"));
    sleep_ms(CALM_MS);
    load_stop(stage.load, &result->mistake);
    show(&result->mistake);
}

/* --- No instance at all ----------------------------------------------------------------------------- */

static int status_of(const char *path)
{
    char url[SERVICE_URL_MAX];
    return probe_get(NULL, service_url(&stage.orders, path, url), NULL);
}

static bool replies_503(void *arg)
{
    (void)arg;
    return status_of("/users/1") == 503;
}

static bool replies_200(void *arg)
{
    (void)arg;
    return status_of("/users/1") == 200;
}

static bool shows_order_without_user(void)
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    bool shows = probe_get(NULL, service_url(&stage.orders, "/orders/1", url), &reply) == 200 &&
                 strstr(buf_text(&reply.body), "\"user\":null,\"degraded\":true") != NULL;
    probe_reply_close(&reply);
    return shows;
}

static int stop_all_instances(struct result *result, struct err *err)
{
    report_progress("%s", SAY("all instances stop", "所有实例停止"));
    for (int i = 0; i < USERS; i++)
        proc_signal(&stage.users[i].proc, SIGTERM);
    for (int i = 0; i < USERS; i++)
        proc_wait(&stage.users[i].proc, LIMIT_MS);
    wait_until(replies_503, NULL, LIMIT_MS);
    result->none = status_of("/users/1");
    result->degraded = shows_order_without_user();
    report_progress(
        SAY("order-service: GET /users/1: %d; GET /orders/1: %s", "order-service：GET /users/1：%d；GET /orders/1：%s"),
        result->none,
        result->degraded ? SAY("the order without its user", "订单，不含用户信息") : SAY("no order", "没有订单"));
    if (start_users(err) != 0)
        return -1;
    wait_until(replies_200, NULL, LIMIT_MS);
    result->back = status_of("/users/1");
    report_progress(SAY("two instances start: GET /users/1: %d", "两个实例启动：GET /users/1：%d"), result->back);
    result->survived = proc_is_running(&stage.orders.proc);
    lesson_client_stop(&stage.client, &result->lesson);
    return 0;
}

/* --- The verdict ------------------------------------------------------------------------------------- */

static void print_table(const struct result *result)
{
    const struct lesson_count *lesson = &result->lesson;
    const char *none = "-";
    printf("\n");
    report_row("", SAY("the lesson's", "课程的写法"), SAY("the project's", "本项目"));
    report_row(SAY("calls before, failed", "之前的调用，失败"),
               cell("%d, %d", result->lesson_before.ok + result->lesson_before.failed, result->lesson_before.failed),
               cell("%d, %d", (int)(result->before.ok + result->before.failed), (int)result->before.failed));
    report_row(SAY("calls with an empty list, failed", "列表为空之后的调用，失败"),
               cell("%d, %d", lesson->ok + lesson->failed - result->lesson_before.ok - result->lesson_before.failed,
                    lesson->failed - result->lesson_before.failed),
               cell("%d, %d", (int)(result->mistake.ok + result->mistake.failed), (int)result->mistake.failed));
    report_row(SAY("the process", "进程"), lesson->crashed ? SAY("has ended", "已退出") : SAY("runs", "在运行"),
               result->survived ? SAY("runs", "在运行") : SAY("has ended", "已退出"));
    report_row(SAY("no instance: GET /users/1", "没有实例：GET /users/1"), none, cell("%d", result->none));
    report_row(SAY("no instance: GET /orders/1", "没有实例：GET /orders/1"), none,
               result->degraded ? SAY("degraded", "降级") : SAY("no order", "没有订单"));
    report_row(SAY("instances are back: GET /users/1", "实例恢复：GET /users/1"), none, cell("%d", result->back));
}

static int judge(const struct result *result)
{
    print_table(result);
    report_expect(result->lesson.crashed, SAY("the lesson's client ends", "课程的调用方退出"));
    report_expect(result->survived, SAY("order-service runs all the time", "order-service 一直在运行"));
    report_expect(result->mistake.failed == 0, SAY("no call of order-service fails while the instances run",
                                                   "实例在运行时，order-service 的调用没有失败"));
    report_expect(result->none == 503, SAY("503 while there is no instance", "没有实例时返回 503"));
    report_expect(result->degraded, SAY("an order without its user", "返回不含用户信息的订单"));
    report_expect(result->back == 200, SAY("200 when instances are back", "实例恢复后返回 200"));
    return report_end(
        SAY("On the first empty list the lesson's client ended, after %d calls; order-service kept the instances "
            "that it knew (%d calls, %d failed), and replied %d only while no instance ran.",
            "遇到第一个空列表，课程的调用方就退出了（共调用 %d 次）；order-service 保留已知的实例"
            "（调用 %d 次，失败 %d 次），只有在没有任何实例运行时才返回 %d。"),
        result->lesson.ok + result->lesson.failed, (int)(result->mistake.ok + result->mistake.failed),
        (int)result->mistake.failed, result->none);
}

int empty_list(struct err *err)
{
    struct result result = {0};
    report_begin(4, SAY("the empty list", "没有处理空列表"),
                 SAY("random.choice(instances), whatever the list (consul-dev/pitfalls/lesson/service_client.c)",
                     "不判断列表，直接 random.choice(instances)（consul-dev/pitfalls/lesson/service_client.c）"),
                 SAY("keeps known instances (common/discovery/merged_list.c), else 503 or an order without its user",
                     "保留已知实例（common/discovery/merged_list.c），否则返回 503，或不含用户信息的订单"));
    int status = start(err);
    if (status == 0) {
        make_mistake(&result);
        status = stop_all_instances(&result, err);
    }
    stop();
    return status == 0 ? judge(&result) : -1;
}
