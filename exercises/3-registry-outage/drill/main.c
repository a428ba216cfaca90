/* The outage drill of exercise 3: the registry fails while three callers go on
 * calling, the lesson's naive one, the learner's, and the project's own.
 *
 *     drill SCENARIO PICTURE.svg [the learner's program, below the build folder]
 *
 * Exit code 0 if neither the learner's nor the project's caller failed a call, and
 * everything recovered by itself. The naive one is there to be looked at. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scenario.h"

enum { BEFORE_MS = 5000, AFTER_MS = 5000, RECOVERY_MS = 20000 };

static int act(struct stage *stage, const struct scenario *scenario, struct err *err)
{
    struct record *record = &stage->record;
    record_event(record, "%s", text_of(TEXT("all is well", "一切正常")));
    stage_watch(stage, BEFORE_MS);

    record->outage_begin = record->steps;
    record_event(record, "%s", text_of(scenario->what));
    if (scenario->harm(stage, err) != 0)
        return -1;
    if (scenario->lasts_ms)
        record_event(record, "%s", text_of(TEXT("the cache is still fresh", "缓存仍新鲜")));
    stage_watch(stage, scenario->lasts_ms);

    if (scenario->heal) {
        record_event(record, "%s", text_of(TEXT("Consul is back", "Consul 恢复")));
        if (scenario->heal(stage, err) != 0)
            return -1;
        record->outage_end = record->steps;
    }
    if (!stage_watch_recovery(stage, RECOVERY_MS))
        return err_set(err, ERR_TIMEOUT, "the project's own did not recover within %d s", RECOVERY_MS / 1000);
    if (!scenario->heal)
        record->outage_end = record->steps;
    record_event(record, "%s", text_of(TEXT("all instances are registered, and Consul's list is in use",
                                            "所有实例都已注册，用的是 Consul 的列表")));
    stage_watch(stage, AFTER_MS);
    return 0;
}

static int judge(const struct record *record)
{
    int bad = 0;
    printf("\n");
    for (int i = 0; i < record->callers; i++) {
        int ok = record_ok(record, i), failed = record_failed(record, i);
        printf("%-10s %5d ok %5d %s\n", record->names[i], ok, failed, text_of(TEXT("failed", "失败")));
        bad += i > 0 && (failed > 0 || ok == 0);
    }
    printf("%s\n", bad ? text_of(TEXT("A call failed that need not have failed: make exercise N=3",
                                      "有本不该失败的调用：make exercise N=3"))
                       : text_of(TEXT("The registry failed, and no call but the naive ones did.",
                                      "注册中心出了故障，除了 naive，没有一次调用失败。")));
    return bad ? 1 : 0;
}

static void draw(const struct record *record, const char *path)
{
    FILE *svg = fopen(path, "w");
    if (!svg) {
        printf("%s: %s\n", path, strerror(errno));
        return;
    }
    record_draw(record, svg);
    fclose(svg);
    printf(text_of(TEXT("The picture: %s\n", "图：%s\n")), path);
}

int main(int argc, char **argv)
{
    static struct stage stage;
    struct err err = ERR_INIT;
    const struct scenario *scenario = argc >= 3 ? scenario_find(argv[1]) : NULL;
    if (!scenario) {
        fprintf(stderr, "SCENARIO=%s: want one of %s\n", argc > 1 ? argv[1] : "", scenario_names());
        return 2;
    }
    int status = stage_open(&stage, argc > 3 ? argv[3] : "", &err);
    if (status == 0)
        status = act(&stage, scenario, &err);
    if (stage.record.steps > 0) {
        record_chart(&stage.record);
        draw(&stage.record, argv[2]);
    }
    stage_close(&stage);
    if (status != 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    return judge(&stage.record);
}
