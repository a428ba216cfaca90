#include "scenario.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "load.h"
#include "loop/fiber.h"
#include "loop/sync.h"
#include "settings_change.h"

enum { POLL_MS = 50, RESTORE_LIMIT_MS = 30000, SETTINGS_LIMIT_MS = 60000, RATE = 50 };

static struct scenario current; /* one at a time */

/* --- What it has seen ----------------------------------------------------------------- */

static void write_seen(struct scenario *scenario)
{
    struct buf *out = &scenario->model->scenario.seen;
    buf_clear(out);
    for (int i = 0; i < scenario->seen_count; i++)
        buf_addf(out, "%s\"%s\":%lld", i ? "," : "", scenario->seen[i].key, (long long)scenario->seen[i].value);
}

static void set_seen(struct scenario *scenario, const char *key, int64_t value)
{
    int i = 0;
    while (i < scenario->seen_count && strcmp(scenario->seen[i].key, key) != 0)
        i++;
    if (i == SEEN_MAX)
        return;
    scenario->seen[i].key = key;
    scenario->seen[i].value = value;
    if (i == scenario->seen_count)
        scenario->seen_count++;
}

static void count_calls(struct scenario *scenario)
{
    const struct seconds *seconds = &scenario->model->seconds;
    uint64_t ok = seconds->total_ok - scenario->ok_before, failed = seconds->total_failed - scenario->failed_before;
    if (!scenario->story->pitfall) { /* a pitfall has calls of its own, and prints them */
        set_seen(scenario, "calls", (int64_t)(ok + failed));
        set_seen(scenario, "failed", (int64_t)failed);
        set_seen(scenario, "slow", (int64_t)(seconds->total_slow - scenario->slow_before));
    }
    set_seen(scenario, "ms", clock_ms() - scenario->began_ms);
    write_seen(scenario);
}

void scenario_saw(struct scenario *scenario, const char *key, int64_t value)
{
    set_seen(scenario, key, value);
    write_seen(scenario);
}

/* --- Steps ------------------------------------------------------------------------------ */

static bool is_stopped(const struct scenario *scenario)
{
    return scenario->control->scenario_stops;
}

bool scenario_check(struct scenario *scenario, bool held)
{
    scenario->failed = scenario->failed || !held;
    return held;
}

bool scenario_step(struct scenario *scenario)
{
    if (is_stopped(scenario) || scenario->failed)
        return false;
    scenario->model->scenario.step++;
    return true;
}

int64_t scenario_await(struct scenario *scenario, bool (*condition)(const struct model *model, const char *id),
                       const char *id, int64_t limit_ms)
{
    int64_t began_ms = clock_ms();
    while (!is_stopped(scenario) && !condition(scenario->model, id)) {
        count_calls(scenario);
        if (clock_ms() - began_ms > limit_ms || fiber_sleep(POLL_MS) != 0) {
            scenario->failed = true;
            return -1;
        }
    }
    return is_stopped(scenario) ? -1 : clock_ms() - began_ms;
}

bool scenario_sleep(struct scenario *scenario, int64_t ms)
{
    return !is_stopped(scenario) && fiber_sleep(ms) == 0;
}

bool scenario_do(struct scenario *scenario, int (*action)(struct processes *, struct node *, struct err *),
                 const char *id)
{
    struct err err = ERR_INIT;
    struct node *node = model_find(scenario->model, id);
    return scenario_check(scenario, node && action(scenario->control->processes, node, &err) == 0);
}

const char *scenario_add(struct scenario *scenario, const char *version)
{
    struct err err = ERR_INIT;
    char *id = scenario->added[scenario->added_count];
    const struct node *node = scenario->added_count < SCENARIO_ADDED_MAX
                                  ? processes_add_user(scenario->control->processes, 0, 1, "", version, &err)
                                  : NULL;
    if (!scenario_check(scenario, node != NULL))
        return NULL;
    scenario->added_count++;
    snprintf(id, TARGET_MAX, "%s", node->id);
    return id;
}

static bool settings_are_in_use(const struct model *model, const char *id)
{
    (void)id;
    return !current.control->restarting && model->knowledge.known;
}

bool scenario_set(struct scenario *scenario, const struct caller_settings *settings)
{
    struct err err = ERR_INIT;
    return scenario_check(scenario, settings_change(scenario->control, settings, &err) == 0) &&
           scenario_await(scenario, settings_are_in_use, NULL, SETTINGS_LIMIT_MS) >= 0;
}

/* --- The end ------------------------------------------------------------------------------ */

static bool was_added(const struct node *node, const void *arg)
{
    const struct scenario *scenario = arg;
    for (int i = 0; i < scenario->added_count; i++)
        if (strcmp(scenario->added[i], node->id) == 0)
            return true;
    return false;
}

static bool put_settings_back(struct scenario *scenario)
{
    struct err ignored = ERR_INIT; /* it starts or stops: the next step tries again */
    const struct caller_settings *before = &scenario->settings_before;
    if (memcmp(&scenario->model->settings, before, sizeof *before) != 0)
        settings_change(scenario->control, before, &ignored);
    return !scenario->control->restarting && memcmp(&scenario->model->settings, before, sizeof *before) == 0;
}

/* All processes ran when it began, unless it is a pitfall, which does not touch them. */
static bool put_back(struct scenario *scenario)
{
    if (scenario->story->pitfall)
        return true;
    if (!put_settings_back(scenario))
        return false;
    return processes_put_back(scenario->control->processes, was_added, scenario);
}

static const char *verdict(const struct scenario *scenario)
{
    if (scenario->failed)
        return "failed";
    return scenario->skipped ? "skipped" : "passed";
}

static void run(void *arg)
{
    struct scenario *scenario = arg;
    struct model *model = scenario->model;
    struct scenario_view *view = &model->scenario;
    char text[64];
    scenario->story->run(scenario);
    count_calls(scenario);
    for (int64_t deadline = deadline_in(RESTORE_LIMIT_MS);
         !fiber_cancelled() && !put_back(scenario) && deadline_left(deadline) > 0;)
        fiber_sleep(POLL_MS);
    model->load = scenario->load_before;
    view->state = is_stopped(scenario) ? "stopped" : verdict(scenario);
    snprintf(text, sizeof text, "%s: %s", view->name, view->state);
    mark(model, "scenario_done", NULL, text);
    scenario->control->scenario_runs = scenario->control->scenario_stops = false;
}

/* --- The beginning --------------------------------------------------------------------------- */

static int count_users(const struct model *model)
{
    int count = 0;
    for (size_t i = 0; i < model->node_count; i++)
        count += model->nodes[i]->kind == NODE_USERS;
    return count;
}

static const struct node *not_running(const struct model *model)
{
    for (size_t i = 0; i < model->node_count; i++)
        if (model->nodes[i]->process_state != PROCESS_RUNNING)
            return model->nodes[i];
    return NULL;
}

static void begin(struct control *control, const struct story *story, const char *language)
{
    struct model *model = control->model;
    const struct seconds *seconds = &model->seconds;
    current = (struct scenario){.control = control,
                                .model = model,
                                .story = story,
                                .language = language,
                                .load_before = model->load,
                                .settings_before = model->settings,
                                .began_ms = clock_ms(),
                                .ok_before = seconds->total_ok,
                                .failed_before = seconds->total_failed,
                                .slow_before = seconds->total_slow};
    model->scenario.name = story->name;
    model->scenario.step = 0;
    model->scenario.steps = story->steps ? story->steps : count_users(model);
    model->scenario.state = "running";
    model->scenario.language = language;
    model->scenario.run++;
    buf_clear(&model->scenario.output);
    count_calls(&current);
    if (!model->load.on && !story->pitfall)
        model->load = (struct load_setting){.on = true, .rate = RATE, .key = "random"};
    mark(model, "scenario", NULL, story->name);
}

int scenario_start(struct control *control, const struct story *story, const char *language, struct err *err)
{
    const struct node *ended = not_running(control->model);
    if (control->scenario_runs)
        return err_set(err, ERR_CONFLICT, "a scenario runs already; stop it first");
    if (ended && !story->pitfall)
        return err_set(err, ERR_CONFLICT,
                       "a scenario needs all processes, and %.60s does not run: put everything back first", ended->id);
    begin(control, story, language);
    control->scenario_runs = true;
    if (group_go(control->model->fibers, run, &current) == 0)
        return 0;
    control->scenario_runs = false;
    return err_set(err, ERR_BUSY, "out of memory");
}

bool scenario_stop(struct control *control)
{
    if (!control->scenario_runs)
        return false;
    control->scenario_stops = true;
    return true;
}
