#include "config/config_settings.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/metrics.h"

void config_settings_add(struct config_settings *settings, const struct env_var *row, int (*apply)(void *arg),
                         void *arg)
{
    assert(settings->count < CONFIG_SETTINGS_MAX);
    struct config_setting *setting = &settings->at[settings->count++];
    *setting = (struct config_setting){.row = *row, .apply = apply, .arg = arg};
    snprintf(setting->value, sizeof setting->value, "%s", env_value(row));
}

/* --- One setting ---------------------------------------------------------------------------- */

/* A text in the target is borrowed from the reply, or from the environment; afterwards from our copy. */
static int put_into_use(struct config_setting *setting, const char *value)
{
    int rc = setting->apply(setting->arg);
    if (rc == 0) {
        snprintf(setting->value, sizeof setting->value, "%s", value);
        setting->is_overridden = false;
    }
    env_read_one(&setting->row, setting->value); /* also if it was not applied */
    if (rc != 0)
        log_warn("config_not_applied", log_s("key", setting->row.name), log_s("value", value),
                 log_s("error", "out of memory"));
    return rc;
}

static void change(struct config_settings *settings, struct config_setting *setting, const char *value,
                   const char *source)
{
    char former[CONFIG_VALUE_MAX];
    memcpy(former, setting->value, sizeof former);
    if (put_into_use(setting, value) != 0)
        return;
    settings->changes++;
    log_info("config_changed", log_s("key", setting->row.name), log_s("value", value), log_s("was", former),
             log_s("source", source));
}

static void refuse(struct config_settings *settings, struct config_setting *setting, const char *value,
                   const char *source)
{
    char accepts[160], shown[CONFIG_VALUE_MAX];
    snprintf(shown, sizeof shown, "%s", value);
    if (strcmp(shown, setting->refused) == 0)
        return;
    memcpy(setting->refused, shown, sizeof shown);
    settings->refused++;
    env_describe(&setting->row, accepts, sizeof accepts);
    log_warn("config_refused", log_s("key", setting->row.name), log_s("value", shown), log_s("accepts", accepts),
             log_s("using", setting->value), log_s("source", source));
}

/* A key that is put or deleted is a change, too, even if its value is the environment's. */
static bool is_unchanged(const struct config_setting *setting, const char *wanted, bool was_in_center)
{
    if (setting->is_overridden)
        return strcmp(wanted, setting->overridden) == 0 && setting->in_center == was_in_center;
    return strcmp(wanted, setting->value) == 0;
}

/* value: the center's; NULL: it does not have the key. An empty value counts as unset, as in the environment. */
static void take_one(struct config_settings *settings, struct config_setting *setting, const char *value,
                     const char *source)
{
    bool was_in_center = setting->in_center;
    if (!value && !was_in_center)
        return;
    setting->in_center = value != NULL;
    bool is_set = value && *value;
    const char *wanted = is_set ? value : env_value(&setting->row);
    if (is_unchanged(setting, wanted, was_in_center))
        setting->refused[0] = '\0';
    else if (strlen(wanted) >= CONFIG_VALUE_MAX || env_read_one(&setting->row, wanted) != 0)
        refuse(settings, setting, wanted, source);
    else {
        setting->refused[0] = '\0';
        change(settings, setting, wanted, is_set ? source : "environment");
    }
}

/* --- All settings ----------------------------------------------------------------------------- */

static void add_word(char *list, size_t size, const char *word)
{
    size_t len = strlen(list);
    snprintf(list + len, size - len, "%s%s", len ? "," : "", word);
}

static bool is_known(const struct config_settings *settings, const char *key)
{
    for (size_t i = 0; i < settings->count; i++)
        if (strcmp(settings->at[i].row.name, key) == 0)
            return true;
    return false;
}

/* A typing error in a key would otherwise have no effect and no message. Logged when the unknown keys change. */
static void log_unknown(struct config_settings *settings, const struct config_entries *entries, const char *source)
{
    char unknown[sizeof settings->unknown] = "", accepts[256] = "";
    for (size_t i = 0; i < entries->count; i++)
        if (!is_known(settings, entries->at[i].key))
            add_word(unknown, sizeof unknown, entries->at[i].key);
    if (strcmp(unknown, settings->unknown) == 0)
        return;
    memcpy(settings->unknown, unknown, sizeof unknown);
    for (size_t i = 0; i < settings->count; i++)
        add_word(accepts, sizeof accepts, settings->at[i].row.name);
    if (*unknown)
        log_warn("config_unknown_keys", log_s("keys", unknown), log_s("accepts", accepts), log_s("source", source));
}

void config_settings_override(struct config_settings *settings, const char *name, const char *value)
{
    for (size_t i = 0; i < settings->count; i++) {
        struct config_setting *setting = &settings->at[i];
        if (strcmp(setting->row.name, name) != 0)
            continue;
        if (!setting->is_overridden)
            memcpy(setting->overridden, setting->value, sizeof setting->value);
        setting->is_overridden = true;
        snprintf(setting->value, sizeof setting->value, "%s", value);
        env_read_one(&setting->row, setting->value);
    }
}

void config_settings_take(struct config_settings *settings, const struct config_entries *entries, bool lost_state,
                          const char *source)
{
    for (size_t i = 0; i < settings->count; i++) {
        struct config_setting *setting = &settings->at[i];
        const char *value = config_entries_find(entries, setting->row.name);
        setting->in_center &= value || !lost_state;
        take_one(settings, setting, value, source);
    }
    log_unknown(settings, entries, source);
}

void config_settings_metrics(const struct config_settings *settings, struct buf *out)
{
    metrics_head(out, "config_values_total", "counter",
                 "Changed values from the configuration center, by result: applied or refused.");
    metrics_value(out, "config_values_total", "result=\"applied\"", (int64_t)settings->changes);
    metrics_value(out, "config_values_total", "result=\"refused\"", (int64_t)settings->refused);
}
