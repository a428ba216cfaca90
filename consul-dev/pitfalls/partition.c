/* Pitfall 5: a network partition. The cable of the Consul leader is cut. It is the minority now, so it must stop to be
 * the leader, and the other two servers elect a new one. Witnesses write and read on both sides all the time. Beside
 * the cut server run the lesson's discover and the project's order-service. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "history.h"
#include "lesson_run.h"
#include "partition_stage.h"
#include "pitfalls.h"
#include "report.h"

enum { BEFORE_MS = 3000, PARTITION_MS = 10000, LIMIT_MS = 60000, HEAL_MS = 60000, STEP_MS = 2000 };

static struct stage stage;

struct result {
    int64_t elected_ms;  /* until the majority had another leader; -1: never */
    bool lesson_finds;   /* at the cut server */
    int stale_instances; /* with ?stale at the cut server; one of them is deregistered */
    struct view project; /* order-service beside the cut server */
    struct history history;
};

/* --- The partition --------------------------------------------------------------------------------- */

static bool majority_has_leader(void *arg)
{
    (void)arg;
    int leader = stage_leader(&stage, stage_other(&stage, 1));
    return leader >= 0 && leader != stage.cut;
}

static bool project_uses_cache(void *arg)
{
    struct view view;
    (void)arg;
    stage_look_at_project(&stage, &view);
    return strcmp(view.source, "cache") == 0;
}

/* exercises/0-lesson/discover.c */
static bool lesson_finds_an_instance(void)
{
    char program[PLACE_PATH_MAX + 64], log[PLACE_PATH_MAX + 32], consul[160];
    struct proc proc;
    struct err ignored = ERR_INIT;
    lesson_program("discover", program);
    snprintf(log, sizeof log, "%s/discover.log", stage.world.folder.path);
    snprintf(consul, sizeof consul, "CONSUL_HTTP_ADDR=%s", stage.consul[stage.cut].url);
    network_enter(&stage.network, stage.cut);
    int started =
        proc_start(&proc, (const char *const[]){program, NULL}, (const char *const[]){consul, NULL}, log, &ignored);
    network_leave(&stage.network);
    if (started != 0)
        return false;
    proc_wait(&proc, LIMIT_MS);
    int status = proc_stop(&proc, SIGKILL, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void show_clock(void)
{
    report_progress(SAY("the majority has confirmed value %d of the clock key", "多数派已确认 clock 键的值 %d"),
                    stage.clock.newest);
}

static bool stale_lists_both(void *arg)
{
    struct result *result = arg;
    result->stale_instances = stage_instances_at_cut(&stage, "/v1/health/service/user-service?stale");
    return result->stale_instances == 2;
}

static void look_at_minority(struct result *result)
{
    json_decref(stage_ask(&stage, stage_other(&stage, 1), "PUT", "/v1/agent/service/deregister/user-service-2", ""));
    report_progress("%s", SAY("the majority deregisters user-service-2", "多数派注销 user-service-2"));
    wait_until(project_uses_cache, NULL, LIMIT_MS);
    stage_look_at_project(&stage, &result->project);
    result->lesson_finds = lesson_finds_an_instance();
    wait_until(stale_lists_both, result, LIMIT_MS);
    report_progress(SAY("at the cut server: the lesson's discover finds %s; order-service has %d instances, source %s; "
                        "?stale lists %d",
                        "被隔离的服务器上：课程的 discover %s；order-service 有 %d 个实例，来源 %s；?stale 返回 %d 个"),
                    result->lesson_finds ? SAY("an instance", "找到实例") : SAY("nothing", "找不到实例"),
                    result->project.count, result->project.source, result->stale_instances);
}

static bool clock_ticks(void *arg)
{
    (void)arg;
    return stage.clock.newest > 0;
}

static int cut(struct result *result, struct err *err)
{
    if (!wait_until(clock_ticks, NULL, LIMIT_MS))
        return err_set(err, ERR_TIMEOUT, "the Consul servers accept no write");
    stage.clock.phase = BEFORE;
    sleep_ms(BEFORE_MS);
    show_clock();
    int64_t end = deadline_in(PARTITION_MS);
    if (network_cut(&stage.network, stage.cut, err) != 0)
        return -1;
    stage.clock.phase = PARTITION;
    report_progress(SAY("the cable of server %d, the leader, is cut", "服务器 %d（Leader）的网线被断开"),
                    stage.cut + 1);
    result->elected_ms = time_until(majority_has_leader, NULL, LIMIT_MS);
    if (result->elected_ms < 0)
        return err_set(err, ERR_TIMEOUT, "the majority elects no leader");
    report_progress(SAY("the other two elect server %d, after %.1f s", "%2$.1f 秒后，另外两个选出服务器 %1$d"),
                    stage_leader(&stage, stage_other(&stage, 1)) + 1, (double)result->elected_ms / 1000);
    look_at_minority(result);
    while (deadline_left(end) > 0) {
        sleep_ms(deadline_left(end) < STEP_MS ? deadline_left(end) : STEP_MS);
        show_clock();
    }
    stage.clock.phase = BETWEEN;
    if (network_join(&stage.network, stage.cut, err) != 0)
        return -1;
    report_progress("%s", SAY("the cable is connected again", "网线重新接上"));
    stage_rejoin(&stage);
    return 0;
}

/* --- The verdict ------------------------------------------------------------------------------------------ */

static const char *reads_cell(const struct reads *reads)
{
    return cell("%d / %d / %d", reads->current, reads->old, reads->refused);
}

static void print_side(const char *name, const struct witness *witness, enum phase phase)
{
    const struct tally *tally = &witness->tally[phase];
    report_row(name, cell("%d / %d", tally->accepted, tally->refused), reads_cell(&tally->reads[DEFAULT]),
               reads_cell(&tally->reads[CONSISTENT]), reads_cell(&tally->reads[STALE]));
}

static void print_table(const struct result *result)
{
    const struct witness *minority = &stage.witness[stage.cut], *majority = &stage.witness[stage_other(&stage, 1)];
    printf("\n");
    report_row("", SAY("writes", "写"), SAY("default reads", "默认读"), SAY("?consistent", "?consistent"),
               SAY("?stale", "?stale"));
    report_row("", SAY("ok / refused", "成功 / 拒绝"), SAY("new/old/refused", "新/旧/拒绝"),
               SAY("new/old/refused", "新/旧/拒绝"), SAY("new/old/refused", "新/旧/拒绝"));
    print_side(SAY("before, the leader", "分区前，Leader"), minority, BEFORE);
    print_side(SAY("partition, minority (the old leader)", "分区中，少数派（原 Leader）"), minority, PARTITION);
    print_side(SAY("partition, majority", "分区中，多数派"), majority, PARTITION);
    print_side(SAY("healed, the old leader", "恢复后，原 Leader"), minority, AFTER);
    printf(SAY("\n  Writes in Raft's log, the same on all three servers: %d; confirmed but lost: %d; "
               "refused by the minority but there: %d; two at one index: %d\n",
               "\n  Raft 日志中的写入（三个服务器一致）：%d；已确认但丢失：%d；少数派拒绝但存在：%d；同一序号有两条：%d\n"),
           result->history.committed, result->history.lost, result->history.undead, result->history.twice);
}

/* On all machines, in all phases. */
static int old_consistent_reads(void)
{
    int old = 0;
    for (int i = 0; i < MACHINES; i++)
        for (int phase = 0; phase < PHASES; phase++)
            old += stage.witness[i].tally[phase].reads[CONSISTENT].old;
    return old;
}

static int judge(const struct result *result)
{
    const struct tally *minority = &stage.witness[stage.cut].tally[PARTITION];
    const struct tally *majority = &stage.witness[stage_other(&stage, 1)].tally[PARTITION];
    const struct reads *stale = &minority->reads[STALE], *consistent = &minority->reads[CONSISTENT];
    const struct history *history = &result->history;
    print_table(result);
    report_expect(minority->accepted == 0 && minority->refused > 0,
                  SAY("the minority refuses every write", "少数派拒绝所有写入"));
    report_expect(majority->accepted > 0, SAY("the majority accepts writes", "多数派接受写入"));
    report_expect(stale->old > 0 && stale->refused == 0,
                  SAY("stale reads of the minority return old data", "少数派的 stale 读返回旧数据"));
    report_expect(consistent->current + consistent->old == 0 && consistent->refused > 0,
                  SAY("the minority refuses consistent reads", "少数派拒绝 consistent 读"));
    report_expect(old_consistent_reads() == 0,
                  SAY("no consistent read returns old data, on any server", "所有服务器的 consistent 读都没有返回旧数据"));
    report_expect(history->identical && history->lost == 0 && history->undead == 0 && history->twice == 0,
                  SAY("only one leader commits: all servers have the same writes, none is lost",
                      "只有一个 Leader 能提交：所有服务器写入一致，没有丢失"));
    report_expect(!result->lesson_finds, SAY("the lesson's discover finds no instance at the minority",
                                             "课程的 discover 在少数派一侧找不到实例"));
    report_expect(result->stale_instances == 2,
                  SAY("?stale still lists the deregistered instance", "?stale 仍列出已注销的实例"));
    report_expect(strcmp(result->project.source, "cache") == 0 && result->project.count == 2,
                  SAY("order-service keeps its list, as stale", "order-service 保留自己的列表，并标为过期"));
    return report_end(
        SAY("The minority accepted %d of %d writes and no consistent read; its stale reads were up to %.1f s old; "
            "the majority had a new leader after %.1f s, and two leaders never both committed.",
            "少数派接受了 %d / %d 次写入，拒绝所有 consistent 读；它的 stale 读最多旧 %.1f 秒；"
            "多数派 %.1f 秒后选出新 Leader，两个 Leader 从未同时提交。"),
        minority->accepted, minority->accepted + minority->refused, (double)stale->oldest_ms / 1000,
        (double)result->elected_ms / 1000);
}

/* A consistent read needs a leader that the majority confirms. */
static bool cut_server_follows(void *arg)
{
    (void)arg;
    json_t *read = stage_ask(&stage, stage.cut, NULL, "/v1/kv/clock?consistent", NULL);
    json_decref(read);
    return read != NULL;
}

static int run(struct result *result, struct err *err)
{
    if (stage_start(&stage, err) != 0 || cut(result, err) != 0)
        return -1;
    int64_t healed_ms = time_until(cut_server_follows, NULL, HEAL_MS);
    if (healed_ms < 0)
        return err_set(err, ERR_TIMEOUT, "the old leader does not follow the new one");
    report_progress(SAY("the old leader follows the new one, after %.1f s", "%.1f 秒后，原 Leader 跟随新 Leader"),
                    (double)healed_ms / 1000);
    stage.clock.phase = AFTER;
    sleep_ms(STEP_MS);
    stage_stop_witnesses(&stage);
    history_read(&stage, &result->history);
    return 0;
}

static int skip(const struct err *why, bool was_root)
{
    network_close(&stage.network);
    folder_remove(&stage.world.folder);
    printf(SAY("skipped: %s. %s\n", "跳过：%s。%s\n"), why->text,
           was_root ? SAY("In a container, it needs the option --privileged.", "在容器中运行需要 --privileged 选项。")
                    : SAY("Run it as root: sudo make pitfall N=5", "请以 root 身份运行：sudo make pitfall N=5"));
    return PITFALL_SKIPPED;
}

int partition(struct err *err)
{
    static struct result result = {.elected_ms = -1};
    struct err refused = ERR_INIT;
    bool was_root = geteuid() == 0;
    report_begin(5, SAY("a network partition and split brain", "网络分区导致脑裂"),
                 SAY("discover: asks Consul for each call (exercises/0-lesson/discover.c)",
                     "discover：每次都查询 Consul（exercises/0-lesson/discover.c）"),
                 SAY("order-service: a reply without a leader counts as failed; it keeps its list "
                     "(common/registry/consul/consul_fetch.c)",
                     "order-service：没有 Leader 的回复视为失败，保留自己的列表（common/registry/consul/consul_fetch.c）"));
    if (folder_take(&stage.world.folder, err) != 0)
        return -1;
    if (network_isolate(&refused) != 0 || network_open(&stage.network, &stage.world.folder, &refused) != 0)
        return skip(&refused, was_root);
    int status = run(&result, err);
    int code = status == 0 ? judge(&result) : -1;
    stage_stop(&stage);
    return code;
}
