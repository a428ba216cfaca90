/* config_settings.c: which value is in use when keys are put, deleted, wrong, or lost with the center's state. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/config_settings.h"

static int policy, applied, status;
static int64_t timeout_ms;
static struct config_settings settings;

static int apply(void *arg)
{
    (void)arg;
    applied++;
    return status;
}

static const struct env_var rows[] = {
    {"T_POLICY", ENV_CHOICE, "weighted", &policy, .choices = "random|round_robin|weighted"},
    {"T_TIMEOUT", ENV_DURATION, "3s", &timeout_ms, .min = 10, .max = 300000},
};

enum { RANDOM, ROUND_ROBIN, WEIGHTED };

static void setup(void)
{
    struct err err = ERR_INIT;
    log_set_level(LOG_ERROR);
    settings = (struct config_settings){0};
    applied = status = 0;
    cr_assert_eq(env_read(rows, 2, &err), 0);
    for (size_t i = 0; i < 2; i++)
        config_settings_add(&settings, &rows[i], apply, NULL);
}

TestSuite(config_settings, .init = setup, .timeout = 300);

/* The folder now holds "T_POLICY=random T_TIMEOUT=5s". */
static void take(const char *folder, bool lost_state)
{
    struct config_entries entries = {0};
    char copy[CONFIG_VALUE_MAX + 256];
    snprintf(copy, sizeof copy, "%s", folder);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        char *value = strchr(word, '=');
        *value++ = '\0';
        config_entries_add(&entries, word, value, strlen(value));
    }
    config_settings_take(&settings, &entries, lost_state, "test");
    config_entries_close(&entries);
}

static void expect_use(int want_policy, int64_t want_ms, int want_applied)
{
    cr_expect_eq(policy, want_policy, "policy %d", policy);
    cr_expect_eq(timeout_ms, want_ms, "timeout %lld", (long long)timeout_ms);
    cr_expect_eq(applied, want_applied, "applied %d times", applied);
    applied = 0;
}

Test(config_settings, only_values_that_changed_are_applied)
{
    take("", false);
    expect_use(WEIGHTED, 3000, 0);
    take("T_POLICY=random", false);
    expect_use(RANDOM, 3000, 1);
    take("T_POLICY=random T_TIMEOUT=5s", false);
    expect_use(RANDOM, 5000, 1);
    take("T_POLICY=random T_TIMEOUT=5s", false);
    expect_use(RANDOM, 5000, 0);
    cr_expect_eq(settings.changes, 2);
}

/* The reply is freed after each take. */
Test(config_settings, text_outlives_the_reply)
{
    static const char *text;
    static const struct env_var row = {"T_TEXT", ENV_TEXT, "old", &text, .max = 8};
    struct err err = ERR_INIT;
    cr_assert_eq(env_read(&row, 1, &err), 0);
    config_settings_add(&settings, &row, apply, NULL);
    take("T_TEXT=new", false);
    cr_expect_str_eq(text, "new");
    take("T_TEXT=too-long-text", false);
    cr_expect_str_eq(text, "new");
    status = -1;
    take("T_TEXT=other", false);
    cr_expect_str_eq(text, "new", "it was not applied");
    status = 0;
    take("", false);
    cr_expect_str_eq(text, "old");
}

/* As a canary may be: "version=" with 128 bytes, and ":100%". */
Test(config_settings, long_value_is_used_and_left_again)
{
    static const char *text;
    static const struct env_var row = {"T_LONG", ENV_TEXT, "", &text, .max = 200};
    char of_environment[142], folder[160] = "T_LONG=";
    struct err err = ERR_INIT;
    memset(of_environment, 'e', 141);
    of_environment[141] = '\0';
    setenv("T_LONG", of_environment, 1);
    cr_assert_eq(env_read(&row, 1, &err), 0);
    config_settings_add(&settings, &row, apply, NULL);
    memset(folder + 7, 'c', 141);
    take(folder, false);
    cr_expect_str_eq(text, folder + 7);
    take("", false);
    cr_expect_str_eq(text, of_environment);
    cr_expect_eq(settings.refused, 0);
}

Test(config_settings, value_of_the_environment_is_not_applied_again)
{
    take("T_POLICY=weighted T_TIMEOUT=3s", false);
    expect_use(WEIGHTED, 3000, 0);
}

Test(config_settings, deleted_key_returns_to_the_environments_value)
{
    setenv("T_TIMEOUT", "7s", 1);
    setup();
    take("T_POLICY=random T_TIMEOUT=5s", false);
    expect_use(RANDOM, 5000, 2);
    take("T_TIMEOUT=", false); /* an empty value counts as unset */
    expect_use(WEIGHTED, 7000, 2);
    take("", false);
    expect_use(WEIGHTED, 7000, 0);
}

Test(config_settings, refused_value_leaves_the_last_good_one)
{
    static const char *const bad[] = {"T_POLICY=fastest T_TIMEOUT=5s", "T_POLICY=Random T_TIMEOUT=5",
                                      "T_POLICY=random|round_robin T_TIMEOUT=9h"};
    take("T_POLICY=random T_TIMEOUT=5s", false);
    expect_use(RANDOM, 5000, 2);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        take(bad[i], false);
        expect_use(RANDOM, 5000, 0);
    }
    take("T_TIMEOUT=5s", false); /* deleted while it was bad */
    expect_use(WEIGHTED, 5000, 1);
}

Test(config_settings, too_long_value_is_refused)
{
    char folder[CONFIG_VALUE_MAX + 32];
    snprintf(folder, sizeof folder, "T_TIMEOUT=%0*ds", CONFIG_VALUE_MAX - 1, 5); /* it would be 5s */
    take(folder, false);
    expect_use(WEIGHTED, 3000, 0);
    cr_expect_eq(settings.refused, 1);
}

Test(config_settings, refused_value_is_counted_once)
{
    take("T_POLICY=fastest", false);
    take("T_POLICY=fastest T_TIMEOUT=5s", false);
    cr_expect_eq(settings.refused, 1);
    take("T_POLICY=random T_TIMEOUT=5s", false);
    take("T_POLICY=fastest T_TIMEOUT=5s", false);
    cr_expect_eq(settings.refused, 2, "it is another mistake after a good value");
}

Test(config_settings, center_that_lost_its_state_changes_nothing)
{
    take("T_POLICY=random T_TIMEOUT=5s", false);
    expect_use(RANDOM, 5000, 2);
    take("", true);
    expect_use(RANDOM, 5000, 0);
    take("T_POLICY=round_robin", false); /* one key is back, the other is not yet */
    expect_use(ROUND_ROBIN, 5000, 1);
    take("", false); /* this one was deleted */
    expect_use(WEIGHTED, 5000, 1);
}

Test(config_settings, override_stays_until_the_center_changes)
{
    take("T_TIMEOUT=5s", false);
    config_settings_override(&settings, "T_TIMEOUT", "8s");
    config_settings_override(&settings, "T_TIMEOUT", "9s");
    take("T_TIMEOUT=5s", false);
    take("T_TIMEOUT=5s", true); /* the key is still there: only old deletions were forgotten */
    expect_use(WEIGHTED, 9000, 1);
    take("T_TIMEOUT=6s", false);
    expect_use(WEIGHTED, 6000, 1);
    config_settings_override(&settings, "T_TIMEOUT", "9s");
    take("", false); /* deleted */
    expect_use(WEIGHTED, 3000, 1);
}

Test(config_settings, key_that_is_put_ends_an_override)
{
    config_settings_override(&settings, "T_TIMEOUT", "9s");
    take("", false);
    expect_use(WEIGHTED, 9000, 0);
    take("T_TIMEOUT=3s", false); /* as in the environment */
    expect_use(WEIGHTED, 3000, 1);
    config_settings_override(&settings, "T_TIMEOUT", "9s");
    take("", true);
    expect_use(WEIGHTED, 9000, 0);
    take("T_TIMEOUT=3s", false); /* put again after the loss */
    expect_use(WEIGHTED, 3000, 1);
}

Test(config_settings, value_that_cannot_be_applied_is_not_in_use)
{
    status = -1;
    take("T_POLICY=random", false);
    expect_use(WEIGHTED, 3000, 1);
    cr_expect_eq(settings.changes, 0);
    status = 0;
    take("T_POLICY=random", false); /* it is tried again */
    expect_use(RANDOM, 3000, 1);
}

Test(config_settings, unknown_keys_are_remembered_for_the_log)
{
    take("T_POLCY=random T_POLICY=random X=1", false);
    cr_expect_str_eq(settings.unknown, "T_POLCY,X");
    take("T_POLICY=random", false);
    cr_expect_str_eq(settings.unknown, "");
}
