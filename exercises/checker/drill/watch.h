/* watch: observes every caller each half second, and records calls, lists and events.
 * It runs in a thread of its own, because stopping and starting servers takes time.
 */
#ifndef DRILL_WATCH_H
#define DRILL_WATCH_H

#include <stdatomic.h>

#include "stage.h"

struct watch {
    struct stage *stage;
    struct record *record;
    pthread_t thread;
    atomic_bool stop;
    struct notice { /* for each caller, which events were reported */
        bool fresh, stale, lost;
        int stale_for, silent_for; /* half seconds */
        int failed;                /* failed calls since the list is stale */
    } notice[CALLERS_MAX];
};

int watch_start(struct watch *watch, struct stage *stage, struct record *record, struct err *err);
/* Afterwards only the calling thread uses the record. */
void watch_stop(struct watch *watch);

#endif
