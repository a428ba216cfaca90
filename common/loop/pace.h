/* pace: limits how often a watch queries its server. Two queries may follow at once, then one each half second.
 *
 * A server that replies to every blocking query at once would otherwise be queried without a pause. (The generic
 * cell rate algorithm, ITU-T I.371; its whole state is one point in time.) Pure: time is passed in.
 */
#ifndef LOOP_PACE_H
#define LOOP_PACE_H

#include <stdint.h>

/* Zero-initialise. */
struct pace {
    int64_t full_ms; /* when two queries may follow at once again */
};

/* Time until the next query may start. */
int64_t pace_wait_ms(const struct pace *pace, int64_t now_ms);
/* A query starts. */
void pace_use(struct pace *pace, int64_t now_ms);

#endif
