/* record: what a drill observes. For each half second and each caller: how many calls
 * succeeded and how old its list was; and the events with their times.
 *
 * The watch fills it while the drill runs; timeline, chart, picture and verdict show
 * it. All times are milliseconds since the drill began.
 */
#ifndef DRILL_RECORD_H
#define DRILL_RECORD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "checker/text.h"

enum {
    STEP_MS = 500,
    STEPS_MAX = 480, /* later steps are not recorded */
    CALLERS_MAX = 3,
    EVENTS_MAX = 24,
    TTL_MS = 5000,       /* of the callers' lists */
    CALM_MS = 7000,      /* the registry works for so long before the outage: longer than a TTL, to show a list that is
                            never refreshed; but short, so that the list is stale soon */
    BEFORE_MS = 5000,    /* the last part of these: a call that began earlier, on a machine that stalled, has ended */
    CALLS_A_SECOND = 20, /* of each caller */
    CALLS_A_STEP = CALLS_A_SECOND * STEP_MS / 1000,
};

struct half_second {
    int ok, failed, slow; /* calls that ended in it; slow: they took longer than LOAD_SLOW_MS */
    bool answered;        /* the caller reported its list, which the members below describe */
    char source[16];      /* "consul": confirmed within the TTL; "cache": older; "": it keeps none */
    int64_t age_ms;
    int instances; /* in its list, that it may call */
};

struct caller {
    struct text name, does;
    bool keeps_list;
    char error[200];     /* its own message when a call first failed */
    int64_t lost_ms;     /* since when it answers no request; -1: it answers */
    char ended[40];      /* what ended it: "Segmentation fault"; "": it seems to run */
    struct half_second seen[STEPS_MAX];
};

struct event {
    int64_t at_ms;
    char text[160];
};

struct record;
/* Shows the drill while it runs. Called with the record locked, so that lines come in order. */
struct record_listener {
    void (*event)(const struct event *event);
    void (*second)(const struct record *record); /* after each full second */
};

struct record {
    const struct record_listener *listener;
    pthread_mutex_t lock;        /* protects the members below while the watch runs */
    int64_t began;               /* on clock_ms() */
    int64_t outage_ms, whole_ms; /* begin and end of the outage; -1: not yet */
    bool silent;                 /* the registry answers no request during the outage */
    int callers;
    struct caller caller[CALLERS_MAX];
    int steps;
    int events;
    struct event event[EVENTS_MAX];
};

/* Add all callers before the first step. */
void record_init(struct record *record, const struct record_listener *listener);
void record_add_caller(struct record *record, struct text name, struct text does, bool keeps_list);
void record_begin(struct record *record); /* time runs from here */
int64_t record_now(const struct record *record);

/* The outage begins now. silent: the registry will answer no request. */
void record_outage(struct record *record, bool silent);
/* The outage ends now: the registry lists all instances again. */
void record_whole(struct record *record);
bool record_is_silent(struct record *record);
/* For how long this caller's calls have succeeded, in each half second, and none was slow. */
int64_t record_calm_ms(struct record *record, int caller);
void record_event(struct record *record, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The next half second, of all callers. */
void record_step(struct record *record, const struct half_second seen[CALLERS_MAX]);
/* This caller has answered no request since lost_ms; ended: what ended it, or "". */
void record_loss(struct record *record, int caller, int64_t lost_ms, const char *ended);
/* Is this caller's list younger than half a TTL? True also if it keeps none, or never refreshes it. */
bool record_has_new_list(struct record *record, int caller);
/* Does this caller use Consul's list again, with so many instances? True also if the caller is lost, or has never kept
 * a list. */
bool record_is_back(struct record *record, int caller, int instances);

/* --- Read when the watch has stopped ------------------------------------------------------ */

/* BEFORE: the BEFORE_MS before the outage, in which the registry works. EARLY: before that it may have failed, too,
 * because a machine that stalls takes the leader from Consul. */
enum phase { EARLY = 1, BEFORE = 2, OUTAGE = 4, AFTER = 8, ALWAYS = EARLY | BEFORE | OUTAGE | AFTER };
enum phase record_phase(const struct record *record, int step);
/* Has this caller kept a list at any time? */
bool record_keeps_list(const struct record *record, int caller);

struct sum {
    int ok, failed, slow;
    int first_failed; /* step; -1: none */
};
struct sum record_sum(const struct record *record, int caller, enum phase phases);

#endif
