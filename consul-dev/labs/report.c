#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static const char *bold = "", *green = "", *red = "", *grey = "", *plain = "";
static int seen, unexpected;
static bool skipped, stopped;
static int64_t began;

void report_begin(int number, const struct lab *lab)
{
    const char *term = getenv("TERM");
    if (isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0 && !getenv("NO_COLOR")) {
        bold = "\033[1m", green = "\033[32m", red = "\033[31m", grey = "\033[90m", plain = "\033[0m";
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    began = clock_ms();
    printf(text_of(TEXT("%slab %d: %s%s (lesson, part %s)\n", "%s实验 %d：%s%s（课程 %s）\n")), bold, number,
           text_of(lab->title), plain, text_of(lab->part));
    printf("  %s  %s\n", text_of(TEXT("expected", "预期")), text_of(lab->expected));
}

bool report_seen(bool held, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    seen++;
    unexpected += !held;
    printf("  %s%s %s%s  ", held ? green : red, text_of(TEXT("seen  ", "观察")), held ? "✓" : "✗", plain);
    vprintf(fmt, args);
    printf("\n");
    va_end(args);
    return held;
}

bool report_skip(struct text why)
{
    skipped = true;
    printf(text_of(TEXT("  skipped   %s\n", "  跳过  %s\n")), text_of(why));
    return false;
}

bool report_error(const char *why)
{
    stopped = true;
    printf("  %s%s%s  %s\n", red, text_of(TEXT("error   ", "错误")), plain, why);
    return false;
}

static const char *name_of(enum verdict verdict)
{
    static const struct text names[] = {[HOLDS] = {"holds", "成立"},
                                        [HOLDS_IF] = {"holds if", "有条件成立，条件是"},
                                        [DOES_NOT_HOLD] = {"does not hold", "不成立"}};
    return text_of(names[verdict]);
}

int report_end(const struct lab *lab)
{
    const char *word = text_of(TEXT("verdict ", "结论"));
    double seconds = (double)(clock_ms() - began) / 1000;
    if (skipped)
        return EXIT_SKIPPED;
    if (stopped || unexpected || !seen) {
        printf("  %s%s%s  ", red, word, plain);
        if (stopped || !seen)
            printf("%s\n", text_of(TEXT("none: it could not run to its end, for the reason above",
                                        "无：因上述原因没能运行到底")));
        else
            printf(text_of(TEXT("none: %d of %d lines are not as expected. Run it again on an idle machine\n",
                                "无：有 %d 项与预期不符（共 %d 项）。请在空闲的机器上再运行一次\n")),
                   unexpected, seen);
        return 1;
    }
    printf(text_of(TEXT("  %s%s%s  %s%s%s\n", "  %s%s%s  %s%s%s\n")), bold, word, plain, name_of(lab->verdict),
           lab->verdict == HOLDS_IF ? text_of(TEXT(" ", "")) : text_of(TEXT(": ", "：")), text_of(lab->reason));
    printf("  %s%.1f s%s\n", grey, seconds, plain);
    return 0;
}

void report_entry(int number, const struct lab *lab)
{
    char part[64];
    /* A Chinese character takes three bytes and two columns, so padding by bytes would not align. */
    snprintf(part, sizeof part, text_of(TEXT("%s", "（%s）")), text_of(lab->part));
    if (text_is_chinese())
        printf("  %2d  %s%s\n", number, text_of(lab->title), part);
    else
        printf("  %2d  %-14s  %s\n", number, part, text_of(lab->title));
}

const char *duration(int64_t ms)
{
    static char texts[8][24];
    static unsigned next;
    char *text = texts[next++ % 8];
    if (ms < 0)
        return text_of(TEXT("(not within 20 s)", "（20 s 内没有）"));
    if (ms == 0)
        return text_of(TEXT("less than 1 ms", "不到 1 ms"));
    if (ms < 1000)
        snprintf(text, sizeof texts[0], "%d ms", (int)ms);
    else
        snprintf(text, sizeof texts[0], "%.1f s", (double)ms / 1000);
    return text;
}
