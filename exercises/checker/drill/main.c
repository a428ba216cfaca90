/* The outage drill of exercise 3: the registry fails while three callers make calls:
 * the lesson's naive client, the learner's order-service and the project's.
 *
 *     drill SCENARIO PICTURE.svg [absolute path of the learner's program]
 *
 * Exit code 0 if no call of the learner's or the project's caller failed, and both
 * recovered without help. The naive client is there for comparison. */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "chart.h"
#include "picture.h"
#include "scenario.h"
#include "timeline.h"
#include "verdict.h"
#include "watch.h"

enum {
    CALM_LIMIT_MS = 90000, /* a machine that is too busy for CALM_MS: the drill goes on all the same */
    AGAIN_MS = 50,    /* between repeated harms: shorter than the time until a check finds the instance healthy */
    WHOLE_MS = 60000, /* limit until Consul lists all instances: 5 s, 2 s of jitter, one check, and a slow machine */
    BACK_MS = 30000,  /* limit until the callers use Consul's list again */
    AFTER_MS = 4000,
};

static void sleep_ms(int64_t ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static int do_harm(struct stage *stage, const struct scenario *scenario, struct err *err)
{
    int64_t end = deadline_in(scenario->lasts_ms);
    int status = scenario->harm(stage, err);
    while (status == 0 && scenario->again && deadline_left(end) > 0) {
        sleep_ms(AGAIN_MS);
        status = scenario->harm(stage, err);
    }
    sleep_ms(deadline_left(end));
    return status;
}

struct drill {
    struct stage *stage;
    struct record *record;
};

/* The naive client shows whether Consul works: it queries it before each call. The lists must be new, so that the
 * outage begins with fresh ones. */
static bool is_calm(void *arg)
{
    struct record *record = ((struct drill *)arg)->record;
    bool calm = record_calm_ms(record, NAIVE) >= CALM_MS;
    for (int i = NAIVE + 1; i < record->callers; i++)
        calm = calm && record_has_new_list(record, i);
    return calm;
}

static bool is_whole(void *arg)
{
    return stage_lists_all(((struct drill *)arg)->stage);
}

static bool all_are_back(void *arg)
{
    const struct drill *drill = arg;
    for (int i = NAIVE + 1; i < drill->record->callers; i++)
        if (!record_is_back(drill->record, i, USERS))
            return false;
    return true;
}

static int act(struct stage *stage, struct record *record, const struct scenario *scenario, struct err *err)
{
    struct drill drill = {stage, record};
    record_event(record, "%s", text_of(TEXT("everything works", "一切正常")));
    wait_until(is_calm, &drill, CALM_LIMIT_MS);

    record_event(record, "%s", text_of(scenario->what));
    record_outage(record, scenario->silent);
    if (do_harm(stage, scenario, err) != 0)
        return -1;
    if (scenario->heal && scenario->heal(stage, err) != 0)
        return -1;
    if (scenario->healed.en)
        record_event(record, "%s", text_of(scenario->healed));

    if (!wait_until(is_whole, &drill, WHOLE_MS))
        return err_set(err, ERR_TIMEOUT, "Consul does not list all user-services within %d s", WHOLE_MS / 1000);
    record_whole(record);
    record_event(record, "%s",
                 text_of(TEXT("Consul lists all instances as passing", "Consul 已列出所有实例，且全部健康")));
    wait_until(all_are_back, &drill, BACK_MS); /* if not, the verdict reports it */
    sleep_ms(AFTER_MS);
    return 0;
}

static int play(struct stage *stage, struct record *record, const struct scenario *scenario, struct err *err)
{
    struct watch watch;
    timeline_begin(record);
    if (stage_start_load(stage, err) != 0)
        return -1;
    sleep_ms(STEP_MS / 2); /* so that observations do not coincide with the calls that refresh a list */
    record_begin(record);
    if (watch_start(&watch, stage, record, err) != 0)
        return -1;
    int status = act(stage, record, scenario, err);
    watch_stop(&watch);
    return status;
}

static void show_result(const struct record *record, const struct scenario *scenario, const char *path)
{
    struct err err = ERR_INIT;
    if (record->steps == 0)
        return;
    chart_print(record);
    if (picture_write(record, scenario->what, path, &err) == 0)
        printf(text_of(TEXT("As a picture: %s\n", "图：%s\n")), path);
    else
        printf("%s\n", err.text);
}

int main(int argc, char **argv)
{
    static struct stage stage;
    static struct record record;
    struct err err = ERR_INIT;
    const struct scenario *scenario = argc >= 3 ? scenario_find(argv[1]) : NULL;
    if (!scenario) {
        fprintf(stderr, text_of(TEXT("SCENARIO=%s: want one of %s\n", "SCENARIO=%s：可选值：%s\n")),
                argc > 1 ? argv[1] : "", scenario_names());
        return 2;
    }
    record_init(&record, &timeline_listener);
    printf("%s\n\n", text_of(TEXT("Starting PostgreSQL, Redis, Consul and the services ...",
                                  "正在启动 PostgreSQL、Redis、Consul 和各个服务……")));
    fflush(stdout);
    int status = stage_open(&stage, &record, scenario->clustered, argc > 3 ? argv[3] : "", &err);
    if (status == 0)
        status = play(&stage, &record, scenario, &err);
    stage_close(&stage);
    show_result(&record, scenario, argv[2]);
    if (status != 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    return verdict_print(&record) ? 0 : 1;
}
