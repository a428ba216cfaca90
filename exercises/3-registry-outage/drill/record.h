/* record: what was seen during a drill: for each half second and each caller how
 * many calls came through, and what happened when. Told as it goes, drawn at the
 * end: as a chart in the terminal, and as a picture (SVG).
 */
#ifndef DRILL_RECORD_H
#define DRILL_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { STEP_MS = 500, STEPS_MAX = 240, CALLERS_MAX = 3, EVENTS_MAX = 16 };

struct half_second {
    int ok, failed;
    char source[16];   /* "consul", "cache"; "" where the caller has no cache */
    int64_t age_ms;    /* of its list */
};

struct record {
    int callers;
    const char *names[CALLERS_MAX];
    int calls_a_step; /* that each caller makes while all is well */
    int steps;
    struct half_second seen[STEPS_MAX][CALLERS_MAX];
    int outage_begin, outage_end; /* steps; -1: not yet */
    int events;
    struct event {
        int step;
        char text[200];
    } event[EVENTS_MAX];
};

void record_event(struct record *record, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One line of the timeline, for the last second; the first call prints the head. */
void record_tell(const struct record *record);
/* The chart: a column for each half second, a row for each caller. */
void record_chart(const struct record *record);
/* The same as a picture. */
void record_draw(const struct record *record, FILE *svg);

int record_failed(const struct record *record, int caller);
int record_ok(const struct record *record, int caller);

#endif
