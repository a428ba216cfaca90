#include "picture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Measures, in the SVG's units. */
enum {
    WIDTH = 1040, LEFT = 64, RIGHT = 24, PLOT = WIDTH - LEFT - RIGHT,
    TOP = 164,                                  /* of the first lane; title, legend and marks are above */
    HEAD = 26, CALLS = 64, LIST = 40, GAP = 22, /* of a lane */
    MARK = 20, MARK_ROWS = 3,                   /* the numbered marks of events */
    LINE = 20,                                  /* of the list of events */
};

#define OK_COLOUR "#1b9e77" /* these two also differ for readers who cannot tell red from green */
#define FAILED_COLOUR "#d95f02"
#define FRESH_COLOUR "#7fb2dd"
#define STALE_COLOUR "#e8b84a"
#define SHADE_COLOUR "#e4e9f0"
#define INK "#24292f"
#define GREY "#6b7580"

/* --- Shapes ------------------------------------------------------------------------------- */

static void rect(FILE *svg, double x, double y, double width, double height, const char *fill)
{
    if (height > 0)
        fprintf(svg, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x, y, width, height,
                fill);
}

static void line(FILE *svg, double x1, double y1, double x2, double y2, const char *style)
{
    fprintf(svg, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2, y2, style);
}

/* All texts are the program's own and contain no character that XML must escape. */
static void text(FILE *svg, double x, double y, const char *style, const char *content)
{
    fprintf(svg, "<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>\n", x, y, style, content);
}

/* --- Positions -------------------------------------------------------------------------------- */

static double x_of(const struct record *record, int64_t ms)
{
    return LEFT + (double)ms * PLOT / (record->steps * STEP_MS);
}

static int lane_height(const struct caller *caller)
{
    return HEAD + CALLS + (caller->keeps_list ? LIST + 6 : 0) + GAP;
}

static int lanes_bottom(const struct record *record)
{
    int bottom = TOP - GAP;
    for (int i = 0; i < record->callers; i++)
        bottom += lane_height(&record->caller[i]);
    return bottom;
}

static int64_t oldest(const struct record *record)
{
    int64_t age_ms = 2 * TTL_MS;
    for (int i = 0; i < record->callers; i++)
        for (int step = 0; step < record->steps; step++)
            if (record->caller[i].seen[step].age_ms > age_ms)
                age_ms = record->caller[i].seen[step].age_ms;
    return age_ms;
}

/* --- Lanes ------------------------------------------------------------------------------------ */

static double at_most(double value, double most)
{
    return value < most ? value : most;
}

static void draw_calls(const struct record *record, const struct caller *caller, double bottom, FILE *svg)
{
    double width = (double)PLOT / record->steps - 1;
    for (int step = 0; step < record->steps; step++) {
        const struct half_second *seen = &caller->seen[step];
        double ok = at_most((double)seen->ok * CALLS / CALLS_A_STEP, CALLS);
        double failed = at_most((double)seen->failed * CALLS / CALLS_A_STEP, CALLS - ok);
        rect(svg, x_of(record, step * STEP_MS), bottom - ok, width, ok, OK_COLOUR);
        rect(svg, x_of(record, step * STEP_MS), bottom - ok - failed, width, failed, FAILED_COLOUR);
    }
    line(svg, LEFT, bottom, LEFT + PLOT, bottom, "stroke=\"" INK "\"");
    text(svg, LEFT - 6, bottom - CALLS + 10, "text-anchor=\"end\" fill=\"" GREY "\" font-size=\"11\"",
         text_of(TEXT("20/s", "20 次/秒")));
    text(svg, LEFT - 6, bottom, "text-anchor=\"end\" fill=\"" GREY "\" font-size=\"11\"", "0");
}

static void draw_list(const struct record *record, const struct caller *caller, double bottom, FILE *svg)
{
    double width = (double)PLOT / record->steps - 1, scale = LIST / (double)oldest(record);
    for (int step = 0; step < record->steps; step++) {
        const struct half_second *seen = &caller->seen[step];
        rect(svg, x_of(record, step * STEP_MS), bottom - 1.5 - (double)seen->age_ms * scale, width,
             *seen->source ? 1.5 + (double)seen->age_ms * scale : 0,
             strcmp(seen->source, "consul") == 0 ? FRESH_COLOUR : STALE_COLOUR);
    }
    line(svg, LEFT, bottom, LEFT + PLOT, bottom, "stroke=\"" INK "\"");
    line(svg, LEFT, bottom - TTL_MS * scale, LEFT + PLOT, bottom - TTL_MS * scale,
         "stroke=\"" GREY "\" stroke-dasharray=\"2 3\"");
    text(svg, LEFT - 6, bottom - TTL_MS * scale + 4, "text-anchor=\"end\" fill=\"" GREY "\" font-size=\"11\"",
         "TTL 5 s");
}

static void draw_lane(const struct record *record, int i, double top, FILE *svg)
{
    const struct caller *caller = &record->caller[i];
    struct sum sum = record_sum(record, i, ALWAYS);
    char head[400], counts[100];
    snprintf(head, sizeof head, "<tspan font-weight=\"bold\" font-size=\"15\" fill=\"" INK "\">%s</tspan>  %s",
             text_of(caller->name), text_of(caller->does));
    snprintf(counts, sizeof counts, text_of(TEXT("%d ok, %d failed", "成功 %d，失败 %d")), sum.ok, sum.failed);
    text(svg, LEFT, top + 16, "fill=\"" GREY "\" font-size=\"13\" xml:space=\"preserve\"", head);
    text(svg, LEFT + PLOT, top + 16,
         sum.failed ? "text-anchor=\"end\" font-size=\"13\" font-weight=\"bold\" fill=\"" FAILED_COLOUR "\""
                    : "text-anchor=\"end\" font-size=\"13\" font-weight=\"bold\" fill=\"" OK_COLOUR "\"",
         counts);
    draw_calls(record, caller, top + HEAD + CALLS, svg);
    if (caller->keeps_list)
        draw_list(record, caller, top + HEAD + CALLS + 6 + LIST, svg);
}

/* --- Head, axis, events ---------------------------------------------------------------------- */

static void draw_head(struct text title, FILE *svg)
{
    static const struct {
        const char *colour;
        struct text what;
    } legend[] = {
        {OK_COLOUR, {"succeeded", "成功"}},
        {FAILED_COLOUR, {"failed", "失败"}},
        {FRESH_COLOUR, {"age of a fresh list", "新鲜列表，距上次更新"}},
        {STALE_COLOUR, {"age of a stale list", "过期列表，距上次更新"}},
        {SHADE_COLOUR, {"the outage, until Consul lists all instances again", "故障期间，直到 Consul 重新列出所有实例"}},
    };
    text(svg, LEFT, 40, "font-size=\"22\" font-weight=\"bold\" fill=\"" INK "\"", text_of(title));
    double x = LEFT;
    for (size_t i = 0; i < sizeof legend / sizeof *legend; i++) {
        const char *what = text_of(legend[i].what);
        rect(svg, x, 60, 12, 12, legend[i].colour);
        text(svg, x + 18, 71, "font-size=\"13\" fill=\"" GREY "\"", what);
        x += 50 + (double)strlen(what) * (what == legend[i].what.en ? 6.5 : 4.5);
    }
}

static void draw_axis(const struct record *record, double bottom, FILE *svg)
{
    for (int step = 0; step <= record->steps; step += 5000 / STEP_MS) {
        char label[16];
        double x = x_of(record, step * STEP_MS);
        snprintf(label, sizeof label, "%d s", step * STEP_MS / 1000);
        line(svg, x, bottom, x, bottom + 4, "stroke=\"" INK "\"");
        text(svg, x, bottom + 18, "text-anchor=\"middle\" font-size=\"12\" fill=\"" GREY "\"", label);
    }
}

static void draw_event(const struct event *event, int index, double x, double y, double below, FILE *svg)
{
    char number[16], when[16];
    snprintf(number, sizeof number, "%d", index);
    snprintf(when, sizeof when, "%.1f s", (double)event->at_ms / 1000);
    fprintf(svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"9\" fill=\"white\" stroke=\"" GREY "\"/>\n", x, y);
    text(svg, x, y + 4, "text-anchor=\"middle\" font-size=\"11\" fill=\"" INK "\"", number);
    text(svg, LEFT + 16, below, "text-anchor=\"end\" font-size=\"13\" fill=\"" GREY "\"", number);
    text(svg, LEFT + 72, below, "text-anchor=\"end\" font-size=\"13\" fill=\"" GREY "\"", when);
    text(svg, LEFT + 88, below, "font-size=\"13\" fill=\"" INK "\"", event->text);
}

/* Each event gets a numbered mark on the time axis and a line of text below. Marks too close together use the next row. */
static void draw_events(const struct record *record, double bottom, FILE *svg)
{
    double taken_to[MARK_ROWS] = {0};
    for (int i = 0; i < record->events; i++) {
        const struct event *event = &record->event[i];
        double x = at_most(x_of(record, event->at_ms), LEFT + PLOT);
        int row = 0;
        while (row < MARK_ROWS - 1 && x < taken_to[row])
            row++;
        taken_to[row] = x + MARK;
        double y = 100 + row * MARK;
        line(svg, x, y, x, bottom, "stroke=\"" GREY "\" stroke-width=\"0.7\" stroke-dasharray=\"1 3\"");
        draw_event(event, i + 1, x, y, bottom + 48 + i * LINE, svg);
    }
}

static void draw(const struct record *record, struct text title, FILE *svg)
{
    int bottom = lanes_bottom(record), height = bottom + 48 + record->events * LINE;
    int64_t end = record->whole_ms < 0 ? record->steps * STEP_MS : record->whole_ms;
    fprintf(svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
            "font-family=\"system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif\">\n",
            WIDTH, height);
    rect(svg, 0, 0, WIDTH, height, "white");
    draw_head(title, svg);
    if (record->outage_ms >= 0)
        rect(svg, x_of(record, record->outage_ms), 86, x_of(record, end) - x_of(record, record->outage_ms), bottom - 86,
             SHADE_COLOUR);
    double top = TOP;
    for (int i = 0; i < record->callers; top += lane_height(&record->caller[i]), i++)
        draw_lane(record, i, top, svg);
    draw_axis(record, bottom, svg);
    draw_events(record, bottom, svg);
    fprintf(svg, "</svg>\n");
}

int picture_write(const struct record *record, struct text title, const char *path, struct err *err)
{
    FILE *svg = fopen(path, "we");
    if (!svg)
        return err_set(err, ERR_FAILED, "cannot write %s: %s", path, strerror(errno));
    draw(record, title, svg);
    return fclose(svg) == 0 ? 0 : err_set(err, ERR_FAILED, "cannot write %s: %s", path, strerror(errno));
}
