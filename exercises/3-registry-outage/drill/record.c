#include "record.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "checker/text.h"

void record_event(struct record *record, const char *fmt, ...)
{
    if (record->events == EVENTS_MAX)
        return;
    struct event *event = &record->event[record->events++];
    va_list args;
    va_start(args, fmt);
    event->step = record->steps;
    vsnprintf(event->text, sizeof event->text, fmt, args);
    va_end(args);
    printf("%6.1f s  %s\n", record->steps * STEP_MS / 1000.0, event->text);
    fflush(stdout);
}

static int sum(const struct record *record, int caller, bool failed)
{
    int total = 0;
    for (int step = 0; step < record->steps; step++)
        total += failed ? record->seen[step][caller].failed : record->seen[step][caller].ok;
    return total;
}

int record_failed(const struct record *record, int caller)
{
    return sum(record, caller, true);
}

int record_ok(const struct record *record, int caller)
{
    return sum(record, caller, false);
}

/* --- The timeline ------------------------------------------------------------------------- */

static void tell_one(const struct half_second *last, const struct half_second *before)
{
    int ok = last->ok + before->ok, failed = last->failed + before->failed;
    char list[40] = "";
    if (*last->source)
        snprintf(list, sizeof list, "%s %.1f s", last->source, (double)last->age_ms / 1000);
    printf("   %3d ok %3d %s %-14s", ok, failed, text_of(TEXT("failed", "失败")), list);
}

void record_tell(const struct record *record)
{
    if (record->steps < 2)
        return;
    if (record->steps == 2) {
        printf("%8s", "t");
        for (int i = 0; i < record->callers; i++)
            printf("   %-32s", record->names[i]);
        printf("\n");
    }
    printf("%6.1f s", record->steps * STEP_MS / 1000.0);
    for (int i = 0; i < record->callers; i++)
        tell_one(&record->seen[record->steps - 1][i], &record->seen[record->steps - 2][i]);
    printf("\n");
    fflush(stdout);
}

/* --- The chart -------------------------------------------------------------------------------- */

static bool in_outage(const struct record *record, int step)
{
    return record->outage_begin >= 0 && step >= record->outage_begin &&
           (record->outage_end < 0 || step < record->outage_end);
}

/* Full height: as many calls as when all is well. A step in which a call failed is a cross. */
static void chart_step(const struct record *record, int step, int caller, bool colour)
{
    static const char *const bars[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇"};
    const struct half_second *seen = &record->seen[step][caller];
    int height = seen->ok * 7 / (record->calls_a_step ? record->calls_a_step : 1);
    if (colour)
        printf("%s%s", in_outage(record, step) ? "\033[100m" : "", seen->failed ? "\033[31m" : "\033[32m");
    printf("%s", seen->failed ? "×" : bars[height > 7 ? 7 : height]);
    if (colour)
        printf("\033[0m");
}

void record_chart(const struct record *record)
{
    enum { NAME = 10 };
    bool colour = isatty(STDOUT_FILENO);
    printf("\n%*s", NAME, "");
    for (int step = 0; step < record->steps; step += 10)
        printf("%-10d", step * STEP_MS / 1000);
    printf("s\n");
    for (int caller = 0; caller < record->callers; caller++) {
        printf("%-*.*s", NAME, NAME, record->names[caller]);
        for (int step = 0; step < record->steps; step++)
            chart_step(record, step, caller, colour);
        printf("\n");
    }
    printf("%*s", NAME, "");
    for (int step = 0; step < record->steps; step++)
        printf("%s", in_outage(record, step) ? "░" : " ");
    printf("\n%*s%s\n", NAME, "",
           text_of(TEXT("each column half a second; full height: every call answered; ×: calls failed; ░: the outage",
                        "每列半秒；满格：全部成功；×：有调用失败；░：故障期间")));
}

/* --- The picture -------------------------------------------------------------------------------- */

enum { LEFT = 90, STEP_WIDTH = 8, PANEL = 90, GAP = 26, TOP = 56 };

static void draw_panel(const struct record *record, int caller, FILE *svg)
{
    int top = TOP + caller * (PANEL + GAP), most = record->calls_a_step ? record->calls_a_step : 1;
    fprintf(svg, "<text x=\"8\" y=\"%d\">%s</text>\n", top + PANEL / 2, record->names[caller]);
    for (int step = 0; step < record->steps; step++) {
        const struct half_second *seen = &record->seen[step][caller];
        int x = LEFT + step * STEP_WIDTH, ok = seen->ok * PANEL / most, failed = seen->failed * PANEL / most;
        if (ok > PANEL)
            ok = PANEL;
        if (failed > PANEL - ok)
            failed = PANEL - ok;
        fprintf(svg, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#2a9d5c\"/>\n", x, top + PANEL - ok,
                STEP_WIDTH - 1, ok);
        fprintf(svg, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#d0342c\"/>\n", x,
                top + PANEL - ok - failed, STEP_WIDTH - 1, failed);
    }
    fprintf(svg, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#333\"/>\n", LEFT, top + PANEL,
            LEFT + record->steps * STEP_WIDTH, top + PANEL);
}

static void draw_axis(const struct record *record, int bottom, FILE *svg)
{
    for (int step = 0; step <= record->steps; step += 10)
        fprintf(svg, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d s</text>\n", LEFT + step * STEP_WIDTH,
                bottom + 16, step * STEP_MS / 1000);
}

/* Texts are ours: none holds a character that XML minds. */
void record_draw(const struct record *record, FILE *svg)
{
    int bottom = TOP + record->callers * (PANEL + GAP) - GAP, width = LEFT + record->steps * STEP_WIDTH + 20;
    int height = bottom + 40 + record->events * 16;
    int end = record->outage_end < 0 ? record->steps : record->outage_end;
    fprintf(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
                 "font-size=\"12\">\n<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n",
            width, height, width, height);
    fprintf(svg, "<text x=\"%d\" y=\"20\" font-size=\"15\">%s</text>\n", LEFT,
            text_of(TEXT("Calls answered (green) and failed (red); grey: the outage", "成功（绿）与失败（红）的调用；灰色：故障期间")));
    if (record->outage_begin >= 0)
        fprintf(svg, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#dddddd\"/>\n",
                LEFT + record->outage_begin * STEP_WIDTH, TOP - 16, (end - record->outage_begin) * STEP_WIDTH,
                bottom - TOP + 16);
    for (int caller = 0; caller < record->callers; caller++)
        draw_panel(record, caller, svg);
    draw_axis(record, bottom, svg);
    for (int i = 0; i < record->events; i++)
        fprintf(svg, "<text x=\"%d\" y=\"%d\">%.1f s  %s</text>\n", LEFT, bottom + 40 + i * 16,
                record->event[i].step * STEP_MS / 1000.0, record->event[i].text);
    fprintf(svg, "</svg>\n");
}
