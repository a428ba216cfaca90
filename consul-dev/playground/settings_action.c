#include "settings_action.h"

#include "balance/balancer.h"
#include "service_env.h"
#include "settings_change.h"

static int read_policy(const json_t *request, int *policy, struct refusal *refusal)
{
    const json_t *value = json_object_get(request, "policy");
    const char *name = json_string_value(value);
    if (value)
        *policy = policy_index(name ? name : "");
    return *policy >= 0 ? 0 : wrong_value(refusal, "policy: want one of " BALANCE_POLICY_NAMES);
}

static int read_number(const json_t *request, const char *name, int min, int max, int *number)
{
    int64_t value = number_member(request, name, min, max, *number);
    *number = (int)value;
    return value < 0 ? -1 : 0;
}

/* null: off. */
static int read_canary(const json_t *request, int *percent)
{
    if (json_is_null(json_object_get(request, "canary_percent"))) {
        *percent = CANARY_OFF;
        return 0;
    }
    return json_object_get(request, "canary_percent") ? read_number(request, "canary_percent", 0, 100, percent) : 0;
}

static int read_settings(const json_t *request, struct caller_settings *settings, struct refusal *refusal)
{
    if (read_policy(request, &settings->policy, refusal) != 0)
        return -1;
    if (read_number(request, "ttl_s", 1, 3600, &settings->ttl_s) != 0)
        return wrong_value(refusal, "ttl_s: want a whole number of seconds, 1 to 3600");
    if (read_number(request, "slow_start_s", 0, 3600, &settings->slow_start_s) != 0)
        return wrong_value(refusal, "slow_start_s: want a whole number of seconds, 0 to 3600; 0: off");
    if (read_number(request, "backup_ms", 0, 3000, &settings->backup_ms) != 0)
        return wrong_value(refusal, "backup_ms: want a whole number of milliseconds, 0 to 3000; 0: off");
    if (read_canary(request, &settings->canary_percent) != 0)
        return wrong_value(refusal, "canary_percent: want a whole number, 0 to 100; null: off");
    return 0;
}

int settings_action(struct control *control, const json_t *request, struct refusal *refusal)
{
    struct caller_settings settings = control->model->settings;
    if (read_settings(request, &settings, refusal) != 0)
        return -1;
    return settings_change(control, &settings, &refusal->err) == 0 ? 0 : cannot(refusal, "restarting");
}
