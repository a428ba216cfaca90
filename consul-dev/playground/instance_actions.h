/* instance_actions: what the buttons of one instance do beside its process: warning, maintenance, weight. */
#ifndef PLAYGROUND_INSTANCE_ACTIONS_H
#define PLAYGROUND_INSTANCE_ACTIONS_H

#include "control.h"
#include "refusal.h"

/* request: "target" names a user-service. Each waits for Consul or for the instance. 0, or -1 with *refusal. */
int instance_warn(struct control *control, const json_t *request, struct refusal *refusal);
int instance_unwarn(struct control *control, const json_t *request, struct refusal *refusal);
int instance_maintain(struct control *control, const json_t *request, struct refusal *refusal);
int instance_unmaintain(struct control *control, const json_t *request, struct refusal *refusal);
/* "weight": 1 to 65535. */
int instance_weigh(struct control *control, const json_t *request, struct refusal *refusal);

#endif
