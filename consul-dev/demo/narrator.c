#include "narrator.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static const char *bold = "", *green = "", *red = "", *grey = "", *plain = "";
static const char *registry_name, *ui_url;
static int steps, failures, failures_before;
static int64_t demo_began, step_began;

void narrator_open(const char *registry, const char *ui)
{
    if (isatty(STDOUT_FILENO)) {
        bold = "\033[1m", green = "\033[32m", red = "\033[31m", grey = "\033[90m", plain = "\033[0m";
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    registry_name = registry;
    ui_url = ui;
    demo_began = clock_ms();
}

void step_begin(const char *title, const char *expected)
{
    step_began = clock_ms();
    failures_before = failures;
    printf("\n%s%2d  ", bold, ++steps);
    printf(title, registry_name);
    printf("%s\n    expected  ", plain);
    printf(expected, registry_name);
    printf("\n");
}

static void line(const char *mark, const char *colour, const char *fmt, va_list args)
{
    printf("    %s%s%s  ", colour, mark, plain);
    vprintf(fmt, args);
    printf("\n");
}

void step_seen(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    line("seen    ", grey, fmt, args);
    va_end(args);
}

bool step_check(bool held, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    if (!held)
        failures++;
    line(held ? "seen   ✓" : "seen   ✗", held ? green : red, fmt, args);
    va_end(args);
    return held;
}

static void wait_for_enter(void)
{
    const char *pause = getenv("PAUSE");
    if (!pause || strcmp(pause, "1") != 0)
        return;
    printf("    %spaused; %s's web UI: %s. Press Enter to continue%s ", grey, registry_name, ui_url, plain);
    fflush(stdout);
    for (int c; (c = getchar()) != '\n' && c != EOF;) {
    }
}

void step_end(void)
{
    bool held = failures == failures_before;
    printf("    %s%s, %.1f s%s\n", held ? grey : red, held ? "passed" : "FAILED",
           (double)(clock_ms() - step_began) / 1000, plain);
    wait_for_enter();
}

const char *seconds(int64_t ms)
{
    static char texts[4][24];
    static unsigned next;
    char *text = texts[next++ % 4];
    if (ms < 0)
        return "(not in time)";
    snprintf(text, sizeof texts[0], "%.1f s", (double)ms / 1000);
    return text;
}

int narrator_close(void)
{
    double seconds = (double)(clock_ms() - demo_began) / 1000;
    if (failures)
        printf("\n%s%d checks failed%s, in %d steps and %.0f s\n", red, failures, plain, steps, seconds);
    else
        printf("\n%sall steps passed%s: %d steps in %.0f s\n", green, plain, steps, seconds);
    return failures ? 1 : 0;
}
