/* actions: what the buttons of the page do: POST /api/do.
 *
 * An action takes effect at once, or a fiber carries it out; the state shows how far it is.
 */
#ifndef PLAYGROUND_ACTIONS_H
#define PLAYGROUND_ACTIONS_H

#include "control.h"
#include "refusal.h"

/* Carries out {"action":…}. 0, or -1 with *refusal. */
int actions_do(struct control *control, const json_t *request, struct refusal *refusal);

#endif
