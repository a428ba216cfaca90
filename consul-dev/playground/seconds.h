/* seconds: the calls of the last two minutes, counted second by second, for the page's timeline.
 *
 * load.c reports each call when it has ended. At the end of a second the counts become one line
 * of JSON, which is kept and sent to every page.
 */
#ifndef PLAYGROUND_SECONDS_H
#define PLAYGROUND_SECONDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum {
    SECONDS_KEPT = 120,
    SECOND_CALLS_MAX = 4096, /* more calls than load.c makes in a second */
    SECOND_INSTANCES_MAX = 128,
    SECOND_LAST = 40,
    SLOW_US = 750 * 1000, /* a call that takes longer has waited for a fault: as in tests/harness/load.h */
};

struct second_count {
    char id[129]; /* the instance of the call's last attempt */
    uint32_t calls, failed;
};

/* One of the last calls of a second: an arrow of the picture. */
struct second_call {
    char instance[129];
    int64_t began_us, took_us;
    int status; /* 0: no reply */
};

struct seconds {
    char *lines[SECONDS_KEPT]; /* JSON; a ring; NULL: not there yet */
    char *newest;              /* the newest one, with its last calls; NULL: not there yet */
    uint64_t count;            /* of all seconds so far; the newest is lines[(count - 1) % SECONDS_KEPT] */

    /* The second that has not ended. */
    uint32_t ok, failed, slow, measured;
    uint32_t took_us[SECOND_CALLS_MAX];
    struct second_count by[SECOND_INSTANCES_MAX];
    uint32_t by_count;
    struct second_call last[SECOND_LAST]; /* a ring */
    uint32_t last_count;

    uint64_t total_ok, total_failed, total_slow; /* since the start: for the scenarios */
    uint32_t window_us[SECOND_CALLS_MAX], window; /* the times of the calls since seconds_open_window() */
};

/* A call that has just ended, with this status (0: no reply); it has failed if there is none, or from 500 on.
 * instance: "" if none was reached. */
void seconds_call(struct seconds *seconds, const char *instance, int status, int64_t began_us);
/* The counts of one instance in the second that has not ended; NULL: it was not called. */
const struct second_count *seconds_of(const struct seconds *seconds, const char *instance);
/* Measures anew, for at most SECOND_CALLS_MAX calls. */
void seconds_open_window(struct seconds *seconds);
/* 99 % of the calls in the window took at most this long; 0: there was none. */
int64_t seconds_window_p99_ms(struct seconds *seconds);
/* Ends the second. t: its beginning, in seconds since 1970. */
void seconds_end(struct seconds *seconds, int64_t t);
/* The line with this number, from 0; the newest has its last calls, too. NULL: not kept. */
const char *seconds_line(const struct seconds *seconds, uint64_t number);
/* Appends all that are kept as a JSON array. */
void seconds_write(const struct seconds *seconds, struct buf *out);
void seconds_close(struct seconds *seconds);

#endif
