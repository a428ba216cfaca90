#include "actions.h"

#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "load.h"
#include "observers.h"
#include "reset.h"
#include "service_env.h"
#include "settings_change.h"

enum { TTL_S_MAX = 3600, WEIGHT_MAX = 65535 };

/* A whole number in this range, or `fallback` if the member is absent. -1: anything else. */
static int64_t number_member(const json_t *request, const char *name, int64_t min, int64_t max, int64_t fallback)
{
    const json_t *value = json_object_get(request, name);
    if (!value)
        return fallback;
    int64_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    return number >= min && number <= max ? number : -1;
}

static int refuse(int status, struct err *err, const char *text)
{
    err_set(err, ERR_INVALID, "%s", text);
    return status;
}

static int status_of(const struct err *err)
{
    return err->code == ERR_CONFLICT ? 409 : 503;
}

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
    {"start", process_start},       {"stop", process_stop}, {"term", process_term},   {"kill", process_kill},
    {"hang", process_hang},         {"continue", process_continue}, {"remove", remove_user},
};

static const struct process_action *find_process_action(const char *name)
{
    for (size_t i = 0; i < sizeof process_actions / sizeof *process_actions; i++)
        if (strcmp(process_actions[i].name, name) == 0)
            return &process_actions[i];
    return NULL;
}

static int do_process(struct actions *actions, const struct process_action *action, const json_t *request,
                      struct err *err)
{
    const char *target = text_member(request, "target");
    struct node *node = model_find(actions->model, target);
    if (!node) {
        err_set(err, ERR_NOT_FOUND, "cannot %s \"%.60s\": there is no such process", action->name, target);
        return 404;
    }
    return action->run(actions->processes, node, err) == 0 ? 0 : status_of(err);
}

/* --- The others --------------------------------------------------------------------------- */

static bool is_label(const char *text)
{
    return strlen(text) <= 64 && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
                                     strlen(text);
}

static int add(struct actions *actions, const json_t *request, struct err *err)
{
    int64_t weight = number_member(request, "weight", 1, WEIGHT_MAX, 1);
    const char *zone = text_member(request, "zone"), *version = text_member(request, "version");
    if (weight < 0)
        return refuse(422, err, "weight: want a whole number, 1 to 65535");
    if (!is_label(zone) || !is_label(version))
        return refuse(422, err, "zone and version: want at most 64 of letters, digits, '.', '-', '_'");
    return processes_add_user(actions->processes, 0, (int)weight, zone, version, err) ? 0 : status_of(err);
}

static bool is_key(const char *key)
{
    size_t len = strlen(key);
    return strcmp(key, "random") == 0 ||
           (len >= 1 && len <= 18 && *key != '0' && strspn(key, "0123456789") == len);
}

static int set_load(struct actions *actions, const json_t *request, struct err *err)
{
    struct load_setting *load = &actions->model->load;
    const json_t *on = json_object_get(request, "on"), *key = json_object_get(request, "key");
    int64_t rate = number_member(request, "rate", 1, LOAD_RATE_MAX, load->rate);
    if (on && !json_is_boolean(on))
        return refuse(422, err, "on: want true or false");
    if (rate < 0)
        return refuse(422, err, "rate: want a whole number of calls a second, 1 to 1000");
    if (key && !is_key(json_string_value(key) ? json_string_value(key) : ""))
        return refuse(422, err, "key: want \"random\", or a user id such as \"7\"");
    bool was_on = load->on;
    load->on = on ? json_is_true(on) : load->on;
    load->rate = (int)rate;
    if (key)
        snprintf(load->key, sizeof load->key, "%s", json_string_value(key));
    char text[64];
    snprintf(text, sizeof text, "%d/s, %s", load->rate, load->key);
    if (load->on || was_on)
        mark(actions->model, load->on ? "load_on" : "load_off", NULL, text);
    return 0;
}

static int change_settings(struct actions *actions, const json_t *request, struct err *err)
{
    const json_t *policy = json_object_get(request, "policy");
    const char *name = json_string_value(policy);
    int index = policy ? policy_index(name ? name : "") : actions->model->policy;
    int64_t ttl_s = number_member(request, "ttl_s", 1, TTL_S_MAX, actions->model->ttl_s);
    if (index < 0)
        return refuse(422, err, "policy: want random, round_robin, weighted or consistent_hash");
    if (ttl_s < 0)
        return refuse(422, err, "ttl_s: want a whole number of seconds, 1 to 3600");
    return settings_change(actions, index, (int)ttl_s, err) == 0 ? 0 : status_of(err);
}

static int reset(struct actions *actions, const json_t *request, struct err *err)
{
    (void)request;
    return reset_start(actions, err) == 0 ? 0 : status_of(err);
}

static const struct {
    const char *name;
    int (*run)(struct actions *actions, const json_t *request, struct err *err);
    bool also_observing;
} others[] = {
    {"load", set_load, true},
    {"add", add, false},
    {"settings", change_settings, false},
    {"reset", reset, false},
};

int actions_do(struct actions *actions, const json_t *request, struct err *err)
{
    const char *name = text_member(request, "action");
    const struct process_action *process_action = find_process_action(name);
    size_t i = 0;
    while (i < sizeof others / sizeof *others && strcmp(others[i].name, name) != 0)
        i++;
    bool is_other = i < sizeof others / sizeof *others;
    if (!process_action && !is_other) {
        err_set(err, ERR_INVALID, "action: there is no action \"%.60s\"", name);
        return 422;
    }
    if (!actions->processes && !(is_other && others[i].also_observing))
        return refuse(403, err, "the playground has not started these processes, so it cannot control them");
    return process_action ? do_process(actions, process_action, request, err)
                          : others[i].run(actions, request, err);
}
