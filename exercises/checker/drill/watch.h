/* watch: looks at every caller each half second, and writes down what it sees and
 * what is new. In a thread of its own: to stop and start servers takes time, in
 * which the drill goes on.
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
    struct notice { /* of each caller, what was told about it */
        bool fresh, stale, lost;
        int stale_for, silent_for; /* half seconds */
        int failed;                /* calls, since the list is stale */
    } notice[CALLERS_MAX];
};

int watch_start(struct watch *watch, struct stage *stage, struct record *record, struct err *err);
/* From here on the record is the caller's alone. */
void watch_stop(struct watch *watch);

#endif
