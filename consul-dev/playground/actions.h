/* actions: what the buttons of the page do: POST /api/do.
 *
 * An action takes effect at once, or a fiber carries it out; the state shows how far it is.
 */
#ifndef PLAYGROUND_ACTIONS_H
#define PLAYGROUND_ACTIONS_H

#include "model.h"
#include "net/json.h"
#include "processes.h"

struct actions {
    struct model *model;
    struct processes *processes; /* NULL in observe mode */
    struct group *fibers;
    bool restarting; /* order-service restarts for a new setting */
    bool resetting;  /* everything is being put back */
};

/* Carries out {"action":…}. 0, or the status of the reply: 404, 409, 422 or 403, with err. */
int actions_do(struct actions *actions, const json_t *request, struct err *err);

#endif
