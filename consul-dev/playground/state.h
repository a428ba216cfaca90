/* state: the model as JSON, for the page: the data of a `state` event. */
#ifndef PLAYGROUND_STATE_H
#define PLAYGROUND_STATE_H

#include "model.h"

/* The colour of a node: the worst that applies. */
enum node_state {
    STATE_GONE,
    STATE_HUNG,
    STATE_DRAINING,
    STATE_STARTING,
    STATE_MISSING,
    STATE_MAINTENANCE,
    STATE_CRITICAL,
    STATE_WARNING,
    STATE_EJECTED,
    STATE_PASSING,
};
enum node_state node_state(const struct model *model, const struct node *node);

void state_write(const struct model *model, uint64_t seq, struct buf *out);
/* Differs if something has changed that a reader should see at once. What changes all the time, such as an age or
 * a count, is left out. */
uint64_t state_digest(const struct model *model);

#endif
