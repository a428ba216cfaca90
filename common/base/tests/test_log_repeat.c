#include <criterion/criterion.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log_repeat.h"

static void setup(void)
{
    clock_make_virtual(100000);
}

TestSuite(log_repeat, .init = setup, .timeout = 300);

Test(log_repeat, other_text_or_passed_interval_is_due)
{
    struct log_repeat repeat = {.text = ""};
    cr_expect(log_repeat_is_due(&repeat, "took 12 ms", 60000));
    cr_expect_not(log_repeat_is_due(&repeat, "took 7 ms", 60000));
    cr_expect(log_repeat_is_due(&repeat, "took 7 s", 60000));
    clock_advance_to(clock_ms() + 60000);
    cr_expect(log_repeat_is_due(&repeat, "took 7 s", 60000));
    cr_expect_not(log_repeat_is_due(&repeat, "took 7 s", DEADLINE_NONE));
    cr_expect_eq(repeat.times, 5);
    cr_expect_eq(log_repeat_end(&repeat), 60000);
    cr_expect_eq(log_repeat_end(&repeat), -1);
}

Test(log_repeat, repeated_failure_logs_one_line_a_minute)
{
    struct log_repeat repeat = {.text = ""};
    int lines = 0;
    for (int i = 0; i < 120; i++) {
        lines += log_repeat_is_due(&repeat, "connection refused", 60000);
        clock_advance_to(clock_ms() + 5000);
    }
    cr_expect_eq(lines, 10);
    cr_expect_eq(log_repeat_end(&repeat), 600000);
}

Test(log_repeat, alternating_failures_log_three_lines_a_minute)
{
    struct log_repeat repeat = {.text = ""};
    int began = 0, ended = 0;
    for (int second = 0; second < 600; second++) {
        began += log_repeat_is_due(&repeat, second % 2 ? "refused" : "no answer", 60000);
        clock_advance_to(clock_ms() + 1000);
        if (second % 4 == 3)
            ended += log_repeat_end(&repeat) >= 0;
    }
    cr_expect_eq(began, 30);
    cr_expect_leq(ended, began, "a failure that was never logged has no end");
}
