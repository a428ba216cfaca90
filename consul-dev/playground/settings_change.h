/* settings_change: another balancing policy or TTL, for which order-service restarts gracefully. */
#ifndef PLAYGROUND_SETTINGS_CHANGE_H
#define PLAYGROUND_SETTINGS_CHANGE_H

#include "control.h"

/* order-service drains, ends and starts again with the new settings. Meanwhile the load pauses, as behind a
 * balancer that sends no calls to a draining instance. 0, or -1 with ERR_CONFLICT. */
int settings_change(struct control *control, int policy, int ttl_s, struct err *err);

#endif
