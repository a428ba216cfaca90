#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"

static int64_t interval_ms;
static int policy;
static const char *text;

static int reject_x(const char *value)
{
    return value[0] == 'x' ? -1 : 0;
}

static const struct env_var vars[] = {
    {"T_INTERVAL", ENV_DURATION, "10s", &interval_ms, .min = 1000, .max = 3600000},
    {"T_POLICY", ENV_CHOICE, "b", &policy, .choices = "a|b|cc"},
    {"T_URL", ENV_TEXT, "", &text, .accepts = "a URL", .check = reject_x, .secret = true},
};
enum { VARS = sizeof vars / sizeof *vars };

static void clear(void)
{
    unsetenv("T_INTERVAL");
    unsetenv("T_POLICY");
    unsetenv("T_URL");
}

TestSuite(env, .init = clear, .timeout = 300);

Test(env, unset_or_empty_setting_has_its_default)
{
    struct err err = ERR_INIT;
    setenv("T_POLICY", "", 1);
    cr_assert_eq(env_read(vars, VARS, &err), 0);
    cr_expect_eq(interval_ms, 10000);
    cr_expect_eq(policy, 1);
    cr_expect_str_eq(text, "");
}

Test(env, duration_is_one_whole_number_and_one_unit)
{
    int64_t ms;
    cr_expect(env_parse_duration("500ms", &ms) == 0 && ms == 500);
    cr_expect(env_parse_duration("5m", &ms) == 0 && ms == 300000);
    cr_expect(env_parse_duration("1h", &ms) == 0 && ms == 3600000);
    cr_expect(env_parse_duration("0", &ms) == 0 && ms == 0);
    const char *const bad[] = {"", "10", "s", "1.5s", "-1s", " 1s", "1s ", "1 s", "1S", "1m30s",
                               "99999999999999999999s", "9223372036854775807h"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(env_parse_duration(bad[i], &ms), -1, "%s", bad[i]);
}

Test(env, size_has_a_decimal_or_binary_unit)
{
    int64_t bytes;
    cr_expect(env_parse_size("500MB", &bytes) == 0 && bytes == 500000000);
    cr_expect(env_parse_size("1GiB", &bytes) == 0 && bytes == 1073741824);
    cr_expect_eq(env_parse_size("500", &bytes), -1);
}

Test(env, error_shows_bad_value_and_accepted_values)
{
    struct err err = ERR_INIT;
    setenv("T_INTERVAL", "10", 1);
    cr_assert_eq(env_read(vars, VARS, &err), -1);
    cr_expect_str_eq(err.text, "T_INTERVAL=10: want a duration of 1s to 1h, such as 10s, 5m or 1h");

    clear();
    err_clear(&err);
    setenv("T_POLICY", "c", 1);
    cr_assert_eq(env_read(vars, VARS, &err), -1);
    cr_expect_str_eq(err.text, "T_POLICY=c: want one of a|b|cc");
}

static void expect_examples(int64_t min, int64_t max, const char *examples)
{
    int64_t ms;
    struct err err = ERR_INIT;
    const struct env_var var = {"T_INTERVAL", ENV_DURATION, "x", &ms, .min = min, .max = max};
    cr_assert_eq(env_read(&var, 1, &err), -1);
    const char *shown = strstr(err.text, ", such as ");
    cr_assert(shown, "%s", err.text);
    cr_expect_str_eq(shown + strlen(", such as "), examples, "%s", err.text);
}

Test(env, examples_lie_within_the_range_of_the_setting)
{
    expect_examples(0, 3600000, "500ms, 10s, 5m or 1h");
    expect_examples(1000, 3600000, "10s, 5m or 1h");
    expect_examples(50, 60000, "500ms or 10s");
    expect_examples(500, 500, "500ms");
    expect_examples(7200000, 86400000, "2h");
}

Test(env, value_out_of_range_is_rejected)
{
    struct err err = ERR_INIT;
    setenv("T_INTERVAL", "999ms", 1);
    cr_expect_eq(env_read(vars, VARS, &err), -1);
    setenv("T_INTERVAL", "1000ms", 1);
    cr_expect_eq(env_read(vars, VARS, &err), 0);
    setenv("T_INTERVAL", "2h", 1);
    cr_expect_eq(env_read(vars, VARS, &err), -1);
}

Test(env, secret_value_is_never_shown)
{
    struct err err = ERR_INIT;
    setenv("T_URL", "x://hunter2", 1);
    cr_assert_eq(env_read(vars, VARS, &err), -1);
    cr_expect_str_eq(err.text, "T_URL=***: want a URL");
}
