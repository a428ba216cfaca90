/* settings_action: reads new settings of order-service from a request of the page, and applies them. */
#ifndef PLAYGROUND_SETTINGS_ACTION_H
#define PLAYGROUND_SETTINGS_ACTION_H

#include "control.h"
#include "refusal.h"

/* A member that is absent leaves its setting as it is. 0, or -1 with *refusal. */
int settings_action(struct control *control, const json_t *request, struct refusal *refusal);

#endif
