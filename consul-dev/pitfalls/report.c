#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { FIRST = 44, CELL = 16, UNSEEN_MAX = 16 }; /* widths of columns */

static int64_t began;
static const char *unseen[UNSEEN_MAX];
static int unseen_count;

void report_start_clock(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    began = clock_ms();
}

void report_begin(int number, const char *title, const char *lesson, const char *project)
{
    report_start_clock();
    printf(SAY("Pitfall %d: %s\n\n", "坑点 %d：%s\n\n"), number, title);
    printf(SAY("  the lesson's  %s\n", "  课程的写法  %s\n"), lesson);
    printf(SAY("  the project's %s\n\n", "  本项目      %s\n\n"), project);
}

void report_progress(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    printf("%6.1f s  ", (double)(clock_ms() - began) / 1000);
    vprintf(fmt, args);
    printf("\n");
    va_end(args);
}

/* For a reader that makes a table of its own. */
static void print_with_tabs(const char *const *cells)
{
    for (const char *const *at = cells; *at; at++)
        printf("%s%s", at == cells ? "" : "\t", *at);
    printf("\n");
}

void report_cells(const char *const *cells)
{
    if (getenv("PITFALL_TABS")) {
        print_with_tabs(cells);
        return;
    }
    printf("  ");
    print_padded(*cells, FIRST);
    for (const char *const *at = cells + 1; *at; at++)
        print_padded(*at, at[1] ? CELL : 0);
    printf("\n");
}

const char *cell(const char *fmt, ...)
{
    static char texts[10][64];
    static unsigned next;
    char *text = texts[next++ % 10];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof texts[0], fmt, args);
    va_end(args);
    return text;
}

bool report_expect(bool seen, const char *what)
{
    if (!seen && unseen_count < UNSEEN_MAX)
        unseen[unseen_count++] = what;
    return seen;
}

int report_end(const char *fmt, ...)
{
    va_list args;
    printf("\n");
    for (int i = 0; i < unseen_count; i++)
        printf(SAY("✗ expected, but not seen: %s\n", "✗ 与预期不符，没有看到：%s\n"), unseen[i]);
    if (unseen_count) {
        printf("%s\n", SAY("✗ The measured values are not those that the lesson lets expect. If the machine was busy, "
                           "run it again.",
                           "✗ 实测结果与课程的预期不符。如果机器当时很忙，请再运行一次。"));
        return 1;
    }
    va_start(args, fmt);
    printf("✓ ");
    vprintf(fmt, args);
    printf("\n");
    va_end(args);
    return 0;
}

void sleep_ms(int64_t ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}
