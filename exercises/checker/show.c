#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_colours(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0 && !getenv("NO_COLOR");
}

void show_line(const struct check *check, int number, int total, bool passed, const char *text)
{
    static const char *const colours[] = {"\033[31m", "\033[33m", "\033[32m"};
    const char *colour = has_colours() ? colours[passed ? 2 : check->bonus ? 1 : 0] : "";
    const char *mark = passed ? "✓" : check->bonus ? "☆" : "✗";
    if (check->bonus)
        printf("%s%s%s %s%s\n", colour, mark, *colour ? "\033[0m" : "", text_of(TEXT("bonus: ", "加分：")), text);
    else
        printf("%s%s%s %d/%d %s\n", colour, mark, *colour ? "\033[0m" : "", number, total, text);
    fflush(stdout);
}

static void show_lines(const char *printed)
{
    char *rest = NULL, text[sizeof((struct attempt *)0)->report];
    snprintf(text, sizeof text, "%s", printed);
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        printf("    | %s\n", line);
}

void show_printed(const struct attempt *attempt)
{
    const char *errors = attempt->result.outcome == FAILED ? attempt->report : "";
    if (!*attempt->printed && !*errors)
        return;
    printf("    %s\n", text_of(TEXT("your code printed:", "你的代码输出了：")));
    show_lines(attempt->printed);
    show_lines(errors);
}
