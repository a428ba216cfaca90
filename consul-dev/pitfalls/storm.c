/* Pitfall 2: the registration storm. Two Consuls restart without their data, each with a hundred real instances. The
 * lesson's register again at once, the project's after a random delay. They are counted in Consul's log. */
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "harness/agent_log.h"
#include "harness/view.h"
#include "lesson_run.h"
#include "pitfalls.h"
#include "report.h"

/* The project's default delay is 30 s. It is waited twice, and the whole must last less than a minute. */
#define JITTER "REGISTER_JITTER=10s"
/* How soon both notice that Consul has forgotten them. */
#define RECONCILE "RECONCILE_INTERVAL=1s"
/* The checks are no part of this pitfall, and 200 instances share one machine. */
#define INTERVAL "30s"
#define CHECK "CHECK_INTERVAL=30s"

enum { FLEET = 100, SIDES = 2, LESSON = 0, PROJECT = 1 };
enum { STEP_MS = 1000, LIMIT_MS = 60000, SECONDS_MAX = 60, BAR_MAX = 50 };

static struct side {
    struct world world; /* only its Consul, and the folder of the first */
    struct proc lesson[FLEET];
    struct service project[FLEET];
    int registrations, peak;
    int in_second[SECONDS_MAX]; /* after the first registration */
} sides[SIDES];

static const char service[] = "user-service"; /* the same name: each fleet has its own Consul */

/* --- Start ---------------------------------------------------------------------------------------- */

static int launch_consuls(struct err *err)
{
    for (int i = 0; i < SIDES; i++)
        if (server_launch(&sides[i].world.consul, err) != 0)
            return -1;
    for (int i = 0; i < SIDES; i++)
        if (server_wait_ready(&sides[i].world.consul, err) != 0)
            return -1;
    return 0;
}

static int start_consuls(struct err *err)
{
    if (folder_take(&sides[LESSON].world.folder, err) != 0)
        return -1;
    sides[PROJECT].world.folder = sides[LESSON].world.folder;
    for (int i = 0; i < SIDES; i++) {
        struct server *consul = &sides[i].world.consul;
        if (server_init(consul, SERVER_CONSUL, &sides[LESSON].world.folder, err) != 0)
            return -1;
        consul->options[0] = "-dev";
        consul->options[1] = "-log-level=debug"; /* logs a line for each request */
    }
    return launch_consuls(err);
}

/* They need no database, because they get no calls. */
static int start_fleets(struct err *err)
{
    const char *const env[] = {JITTER, RECONCILE, "SERVICE_CHECK=tcp", CHECK,
                               "DATABASE_URL=postgresql://lesson:lesson@127.0.0.1:1/lesson",
                               "REDIS_URL=redis://127.0.0.1:1/0", NULL};
    const struct world *world = &sides[PROJECT].world;
    for (int i = 0; i < FLEET; i++) /* first, because they wait before they register */
        if (service_start(&sides[PROJECT].project[i], world, "user-service", env, err) != 0)
            return -1;
    for (int i = 0; i < FLEET; i++)
        if (lesson_service_start(&sides[LESSON].lesson[i], &world->folder, &sides[LESSON].world.consul, service, i + 1,
                                 INTERVAL, "postgresql://127.0.0.1:1/lesson", err) != 0)
            return -1;
    return 0;
}

static void stop(void)
{
    for (int i = 0; i < FLEET; i++) {
        proc_signal(&sides[LESSON].lesson[i], SIGKILL);
        proc_signal(&sides[PROJECT].project[i].proc, SIGKILL);
    }
    for (int i = 0; i < FLEET; i++) {
        proc_wait(&sides[LESSON].lesson[i], LIMIT_MS);
        proc_wait(&sides[PROJECT].project[i].proc, LIMIT_MS);
    }
    server_close(&sides[PROJECT].world.consul);
    server_close(&sides[LESSON].world.consul);
    folder_remove(&sides[LESSON].world.folder);
}

/* --- Consul's log --------------------------------------------------------------------------------- */

static void read_log(struct side *side)
{
    static struct agent_requests requests;
    agent_requests_read(&side->world.consul.proc, "method=PUT url=/v1/agent/service/register", &requests);
    side->registrations = requests.count;
    side->peak = agent_requests_peak(&requests, 1000);
    for (int i = 0; i < requests.count; i++) {
        int64_t second = (requests.at_ms[i] - requests.at_ms[0]) / 1000;
        if (second < SECONDS_MAX)
            side->in_second[second]++;
    }
}

/* --- The storm ------------------------------------------------------------------------------------ */

static int registered(int side)
{
    return consul_count(&sides[side].world.consul, service, false);
}

static bool all_are_registered(void)
{
    return registered(LESSON) == FLEET && registered(PROJECT) == FLEET;
}

/* Until all instances are registered in both Consuls. what: the begin of the progress lines. */
static bool wait_for_fleets(const char *what)
{
    int64_t end = deadline_in(LIMIT_MS);
    while (!all_are_registered() && deadline_left(end) > 0) {
        sleep_ms(STEP_MS);
        report_progress(SAY("%s: %d without delay, %d with a random delay", "%s：无延迟 %d 个，随机延迟 %d 个"), what,
                        registered(LESSON), registered(PROJECT));
    }
    return all_are_registered();
}

static int run(struct err *err)
{
    report_progress("%s", SAY("starting two Consuls, each with 100 instances", "正在启动两个 Consul，各有 100 个实例"));
    if (start_consuls(err) != 0 || start_fleets(err) != 0)
        return -1;
    if (!wait_for_fleets(SAY("registered", "已注册")))
        return err_set(err, ERR_TIMEOUT, "not all instances register in Consul");
    report_progress("%s", SAY("both Consuls stop", "两个 Consul 停止"));
    for (int i = 0; i < SIDES; i++)
        server_kill(&sides[i].world.consul);
    if (launch_consuls(err) != 0)
        return -1;
    report_progress("%s", SAY("both run again, without their data", "两个 Consul 重新启动，数据已丢失"));
    wait_for_fleets(SAY("registered again", "重新注册"));
    return 0;
}

static void draw(const struct side *side, const char *title)
{
    static const char bar[] = "##################################################";
    int last = 0;
    for (int second = 0; second < SECONDS_MAX; second++)
        last = side->in_second[second] ? second : last;
    printf("\n  %s\n", title);
    for (int second = 0; second <= last; second++) {
        int count = side->in_second[second], length = (count * BAR_MAX + FLEET - 1) / FLEET;
        printf("  %4d s %4d %.*s\n", second, count, length < BAR_MAX ? length : BAR_MAX, bar);
    }
}

static int judge(void)
{
    for (int i = 0; i < SIDES; i++)
        read_log(&sides[i]);
    const struct side *lesson = &sides[LESSON], *project = &sides[PROJECT];
    draw(lesson, SAY("registrations in each second, without delay", "每秒注册数，无延迟"));
    draw(project,
         SAY("registrations in each second, with a random delay of 0 to 10 s", "每秒注册数，随机延迟 0~10 秒"));
    printf("\n");
    report_row("", SAY("registrations", "注册次数"), SAY("peak in 1 s", "1 秒内峰值"));
    report_row(SAY("the lesson's: no delay", "课程的写法：无延迟"), cell("%d", lesson->registrations),
               cell("%d", lesson->peak));
    report_row(SAY("the project's: a random delay", "本项目：随机延迟"), cell("%d", project->registrations),
               cell("%d", project->peak));
    report_expect(lesson->registrations >= FLEET && project->registrations >= FLEET,
                  SAY("every instance registers again", "每个实例都重新注册"));
    /* On an idle machine: 100 and about 16. A busy one stretches the first and makes lumps of the second. */
    report_expect(2 * lesson->peak > 3 * project->peak,
                  SAY("the peak without delay is more than 1.5 times as high", "无延迟的峰值是随机延迟的 1.5 倍以上"));
    return report_end(
        SAY("100 instances that register again at once: %d registrations in the worst second; with a random "
            "delay of up to 10 s: %d.",
            "100 个实例同时重新注册：最忙的 1 秒内注册 %d 次；随机延迟最长 10 秒：%d 次。"),
        lesson->peak, project->peak);
}

int registration_storm(struct err *err)
{
    report_begin(
        2, SAY("the registration storm", "服务注册风暴"),
        SAY("registers at once (consul-dev/pitfalls/lesson/shallow_service.c)",
            "立即注册（consul-dev/pitfalls/lesson/shallow_service.c）"),
        SAY("waits a random time of 0 to 10 s (wait_jitter() in common/registration/registration.c; default 30 s)",
            "随机等待 0~10 秒（common/registration/registration.c 的 wait_jitter()；默认 30 秒）"));
    int status = run(err);
    int code = status == 0 ? judge() : -1;
    stop();
    return code;
}
