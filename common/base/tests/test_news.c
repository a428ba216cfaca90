#include <criterion/criterion.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/news.h"

static void setup(void)
{
    clock_make_virtual(100000);
}

TestSuite(news, .init = setup, .timeout = 300);

Test(news, what_differs_in_more_than_digits_or_is_due_again_is_new)
{
    struct news news = {.text = ""};
    cr_expect(news_is_new(&news, "took 12 ms", 60000));
    cr_expect_not(news_is_new(&news, "took 7 ms", 60000));
    cr_expect(news_is_new(&news, "took 7 s", 60000));
    clock_advance_to(clock_ms() + 60000);
    cr_expect(news_is_new(&news, "took 7 s", 60000));
    cr_expect_not(news_is_new(&news, "took 7 s", DEADLINE_NONE));
    cr_expect_eq(news.times, 5);
    cr_expect_eq(news_end(&news), 60000);
    cr_expect_eq(news_end(&news), -1);
}

Test(news, ten_minutes_of_one_failure_are_a_line_a_minute)
{
    struct news news = {.text = ""};
    int lines = 0;
    for (int i = 0; i < 120; i++) {
        lines += news_is_new(&news, "connection refused", 60000);
        clock_advance_to(clock_ms() + 5000);
    }
    cr_expect_eq(lines, 10);
    cr_expect_eq(news_end(&news), 600000);
}

Test(news, failures_that_come_and_go_are_at_most_three_lines_a_minute)
{
    struct news news = {.text = ""};
    int began = 0, ended = 0;
    for (int second = 0; second < 600; second++) {
        began += news_is_new(&news, second % 2 ? "refused" : "no answer", 60000);
        clock_advance_to(clock_ms() + 1000);
        if (second % 4 == 3)
            ended += news_end(&news) >= 0;
    }
    cr_expect_eq(began, 30);
    cr_expect_leq(ended, began, "the end of what was never said is no news either");
}
