/* record: what was seen during a drill: for each half second and each caller how
 * many calls came through and how old its list was, and what happened when.
 *
 * The watch fills it while the drill runs; timeline, chart, picture and verdict
 * are four ways to read it. All times are milliseconds since the drill began.
 */
#ifndef DRILL_RECORD_H
#define DRILL_RECORD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "checker/text.h"

enum {
    STEP_MS = 500,
    STEPS_MAX = 240, /* what comes later is not recorded */
    CALLERS_MAX = 3,
    EVENTS_MAX = 24,
    TTL_MS = 5000,       /* of the callers' lists */
    CALLS_A_SECOND = 20, /* that each caller is asked to make */
    CALLS_A_STEP = CALLS_A_SECOND * STEP_MS / 1000,
};

struct half_second {
    int ok, failed, slow; /* calls that ended in it; slow: they took longer than LOAD_SLOW_MS */
    bool answered;        /* the caller said what its list is: the rest */
    char source[16];      /* "consul": confirmed within the TTL; "cache": older; "": it keeps none */
    int64_t age_ms;
    int instances; /* that can be called */
};

struct caller {
    struct text name, does;
    bool keeps_list;
    char complaint[200]; /* in its own words, when first a call failed */
    int64_t lost_ms;     /* since when it answers nothing at all; -1: it does */
    char ended[40];      /* by what: "Segmentation fault"; "": it runs, or seems to */
    struct half_second seen[STEPS_MAX];
};

struct event {
    int64_t at_ms;
    char text[160];
};

struct record {
    pthread_mutex_t lock;        /* over what follows, while the watch runs */
    int64_t began;               /* on clock_ms() */
    int64_t outage_ms, whole_ms; /* between these the registry is of no use; -1: not yet */
    bool silent;                 /* and answers nobody */
    int callers;
    struct caller caller[CALLERS_MAX];
    int steps;
    int events;
    struct event event[EVENTS_MAX];
};

/* Who is watched is added before the first step. */
void record_init(struct record *record);
void record_add_caller(struct record *record, struct text name, struct text does, bool keeps_list);
void record_begin(struct record *record); /* time runs from here */
int64_t record_now(const struct record *record);

/* The registry fails now; silent: and will answer nobody. */
void record_outage(struct record *record, bool silent);
/* It is there again, and lists everybody. */
void record_whole(struct record *record);
bool record_is_silent(struct record *record);
/* Kept, and told at once. */
void record_event(struct record *record, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The next half second, of all callers; each second one line of the timeline is told. */
void record_step(struct record *record, const struct half_second seen[CALLERS_MAX]);
/* This caller answers nothing since then; ended: what ended it, or "". */
void record_loss(struct record *record, int caller, int64_t lost_ms, const char *ended);
/* Has this caller Consul's own list again, with so many instances? (Or is it lost for ever.) */
bool record_is_back(struct record *record, int caller, int instances);

/* --- To be read when the watch has stopped ------------------------------------------------ */

enum phase { BEFORE = 1, OUTAGE = 2, AFTER = 4, ALWAYS = BEFORE | OUTAGE | AFTER };
enum phase record_phase(const struct record *record, int step);

struct sum {
    int ok, failed, slow;
    int first_failed; /* step; -1: none */
};
struct sum record_sum(const struct record *record, int caller, enum phase phases);

#endif
