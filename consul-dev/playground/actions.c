#include "actions.h"

#include <stdio.h>
#include <string.h>

#include "instance_actions.h"
#include "load.h"
#include "observers.h"
#include "pitfall.h"
#include "reset.h"
#include "scenario.h"
#include "settings_action.h"
#include "stories.h"

/* --- One process ----------------------------------------------------------------------- */

static int remove_user(struct processes *processes, struct node *node, struct err *err)
{
    if (node->kind != NODE_USERS)
        return err_set(err, ERR_CONFLICT, "cannot remove %.60s: only a user-service can be removed", node->id);
    processes_remove_user(processes, node);
    return 0;
}

static const struct process_action {
    const char *name;
    int (*run)(struct processes *processes, struct node *node, struct err *err);
} process_actions[] = {
    {"start", process_start}, {"stop", process_stop},         {"term", process_term},  {"kill", process_kill},
    {"hang", process_hang},   {"continue", process_continue}, {"remove", remove_user},
};

static const struct process_action *find_process_action(const char *name)
{
    for (size_t i = 0; i < sizeof process_actions / sizeof *process_actions; i++)
        if (strcmp(process_actions[i].name, name) == 0)
            return &process_actions[i];
    return NULL;
}

static int do_process(struct control *control, const struct process_action *action, const json_t *request,
                      struct refusal *refusal)
{
    static const char *const codes[] = {"read_only",   "is_starting", "is_running", "is_hung",
                                        "is_draining", "is_ended",    "is_killed"};
    struct node *node = model_find(control->model, text_member(request, "target"));
    if (!node)
        return refuse(refusal, 404, "no_such_process", "target: there is no such process");
    if (action->run(control->processes, node, &refusal->err) == 0)
        return 0;
    return cannot(refusal, codes[node->process_state]);
}

/* --- The others --------------------------------------------------------------------------- */

static bool is_label(const char *text)
{
    return strlen(text) <= 64 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(text);
}

/* NULL: it is something else than a text of this kind. "" if the member is absent. */
static const char *label_member(const json_t *request, const char *name)
{
    const json_t *value = json_object_get(request, name);
    const char *text = value ? json_string_value(value) : "";
    return text && is_label(text) ? text : NULL;
}

static int add(struct control *control, const json_t *request, struct refusal *refusal)
{
    int64_t weight = number_member(request, "weight", 1, WEIGHT_MAX, 1);
    const char *zone = label_member(request, "zone"), *version = label_member(request, "version");
    if (weight < 0)
        return wrong_value(refusal, "weight: want a whole number, 1 to 65535");
    if (!zone || !version)
        return wrong_value(refusal, "zone and version: want at most 64 of letters, digits, '.', '-', '_'");
    return processes_add_user(control->processes, 0, (int)weight, zone, version, &refusal->err)
               ? 0
               : cannot(refusal, "cannot_add");
}

static bool is_key(const char *key)
{
    size_t len = strlen(key);
    return strcmp(key, "random") == 0 || (len >= 1 && len <= 18 && *key != '0' && strspn(key, "0123456789") == len);
}

static int set_load(struct control *control, const json_t *request, struct refusal *refusal)
{
    struct load_setting *load = &control->model->load;
    const json_t *on = json_object_get(request, "on"), *key = json_object_get(request, "key");
    int64_t rate = number_member(request, "rate", 1, LOAD_RATE_MAX, load->rate);
    if (on && !json_is_boolean(on))
        return wrong_value(refusal, "on: want true or false");
    if (rate < 0)
        return wrong_value(refusal, "rate: want a whole number of calls a second, 1 to 1000");
    if (key && !is_key(json_string_value(key) ? json_string_value(key) : ""))
        return wrong_value(refusal, "key: want \"random\", or a user id such as \"7\"");
    bool was_on = load->on;
    load->on = on ? json_is_true(on) : load->on;
    load->rate = (int)rate;
    if (key)
        snprintf(load->key, sizeof load->key, "%s", json_string_value(key));
    char text[64];
    snprintf(text, sizeof text, "%d/s, %s", load->rate, load->key);
    if (load->on || was_on)
        mark(control->model, load->on ? "load_on" : "load_off", NULL, text);
    return 0;
}

static int reset(struct control *control, const json_t *request, struct refusal *refusal)
{
    (void)request;
    return reset_start(control, &refusal->err) == 0 ? 0 : cannot(refusal, "resetting");
}

/* "en" if the member is absent; NULL: another one. */
static const char *language_of(const json_t *request)
{
    const json_t *member = json_object_get(request, "language");
    const char *language = json_string_value(member);
    if (!member || (language && strcmp(language, "en") == 0))
        return "en";
    return language && strcmp(language, "zh") == 0 ? "zh" : NULL;
}

static int start_scenario(struct control *control, const json_t *request, struct refusal *refusal)
{
    const struct story *story = story_find(text_member(request, "name"));
    const char *language = language_of(request);
    if (!story)
        return refuse(refusal, 404, "no_such_scenario", "name: there is no such scenario");
    if (!language)
        return wrong_value(refusal, "language: want \"en\" or \"zh\"");
    if (story->pitfall && pitfall_check_built(&refusal->err) != 0)
        return cannot(refusal, "not_built");
    return scenario_start(control, story, language, &refusal->err) == 0 ? 0 : cannot(refusal, "not_all_running");
}

static int stop_scenario(struct control *control, const json_t *request, struct refusal *refusal)
{
    (void)request;
    return scenario_stop(control) ? 0 : refuse(refusal, 409, "no_scenario", "no scenario runs");
}

enum when {
    ALSO_OBSERVING = 1,  /* also for processes that others have started */
    DURING_SCENARIO = 2, /* does not disturb it, or ends it */
};

static const struct {
    const char *name;
    int (*run)(struct control *control, const json_t *request, struct refusal *refusal);
    unsigned when;
} others[] = {
    {"load", set_load, ALSO_OBSERVING},
    {"add", add, 0},
    {"warn", instance_warn, 0},
    {"unwarn", instance_unwarn, 0},
    {"maintain", instance_maintain, 0},
    {"unmaintain", instance_unmaintain, 0},
    {"weight", instance_weigh, 0},
    {"settings", settings_action, 0},
    {"reset", reset, DURING_SCENARIO},
    {"scenario", start_scenario, 0},
    {"scenario-stop", stop_scenario, DURING_SCENARIO},
};

/* --- All -------------------------------------------------------------------------------------- */

static int check_mode(const struct control *control, unsigned when, struct refusal *refusal)
{
    if (!control->processes && !(when & ALSO_OBSERVING))
        return refuse(refusal, 403, "read_only",
                      "the playground has not started these processes, so it cannot control them");
    if (control->scenario_runs && !(when & DURING_SCENARIO))
        return refuse(refusal, 409, "scenario_running", "a scenario runs; stop it first");
    if (control->model->resetting)
        return refuse(refusal, 409, "resetting", "everything is being put back; wait a moment");
    return 0;
}

int actions_do(struct control *control, const json_t *request, struct refusal *refusal)
{
    const char *name = text_member(request, "action");
    const struct process_action *process_action = find_process_action(name);
    if (process_action)
        return check_mode(control, 0, refusal) == 0 ? do_process(control, process_action, request, refusal) : -1;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i].name, name) == 0)
            return check_mode(control, others[i].when, refusal) == 0 ? others[i].run(control, request, refusal) : -1;
    return refuse(refusal, 422, "no_such_action", "action: there is no such action");
}
