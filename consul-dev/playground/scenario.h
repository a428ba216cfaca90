/* scenario: a story that runs by itself, such as a rolling restart, while the page shows it step by step.
 *
 * A story (stories.c) is straight-line code in a fiber: it causes a fault, waits until its effect is seen, and
 * reports what it has seen. When it ends, or is stopped, the processes are as before.
 */
#ifndef PLAYGROUND_SCENARIO_H
#define PLAYGROUND_SCENARIO_H

#include "control.h"

enum { SEEN_MAX = 12, SCENARIO_ADDED_MAX = 32 };

struct scenario {
    struct control *control;
    struct model *model;
    const struct story *story;
    struct load_setting load_before;
    struct caller_settings settings_before;
    uint64_t ok_before, failed_before, slow_before;
    int64_t began_ms;
    struct {
        const char *key; /* static text */
        int64_t value;
    } seen[SEEN_MAX];
    int seen_count;
    char added[SCENARIO_ADDED_MAX][TARGET_MAX]; /* instances that it has added */
    int added_count;
    const char *language; /* of the page that started it: "en" or "zh"; static text */
    bool failed, skipped;
};

struct story {
    const char *name;
    void (*run)(struct scenario *scenario);
    int steps;   /* 0: one for each user-service */
    int pitfall; /* 1 to 5: it runs on servers of its own (pitfall.h); 0: on the processes of the playground */
};

/* Starts the story. language: for what it prints, "en" or "zh"; static text. 0, or -1 with err; ERR_CONFLICT: one
 * runs, or not all processes run, which only a pitfall does not need. */
int scenario_start(struct control *control, const struct story *story, const char *language, struct err *err);
/* Stops the running one; the processes return to their former states. False: none runs. */
bool scenario_stop(struct control *control);

/* --- For stories ---------------------------------------------------------------------- */

/* Begins the next step. False: it was stopped, or has failed. */
bool scenario_step(struct scenario *scenario);
/* Waits until the condition is true for the node with this id (NULL: none). Milliseconds, or -1: not within limit_ms,
 * or stopped; the scenario has then failed. */
int64_t scenario_await(struct scenario *scenario, bool (*condition)(const struct model *model, const char *id),
                       const char *id, int64_t limit_ms);
/* Lets time pass. False: it was stopped, or the program ends. */
bool scenario_sleep(struct scenario *scenario, int64_t ms);
/* Reports a number; the page words its key. A later call replaces it. */
void scenario_saw(struct scenario *scenario, const char *key, int64_t value);
/* Notes a failure unless `held`. Returns `held`. */
bool scenario_check(struct scenario *scenario, bool held);
/* Does an action to the process with this id. False: it failed. */
bool scenario_do(struct scenario *scenario, int (*action)(struct processes *, struct node *, struct err *),
                 const char *id);
/* Adds an instance of this version ("": the usual one), which is removed at the end. NULL: it failed. Static text. */
const char *scenario_add(struct scenario *scenario, const char *version);
/* Restarts order-service with these settings, and waits until it answers. Its former settings return at the end.
 * False: it failed. */
bool scenario_set(struct scenario *scenario, const struct caller_settings *settings);

#endif
