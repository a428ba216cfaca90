/* settings_change: other settings of order-service, for which it restarts gracefully. */
#ifndef PLAYGROUND_SETTINGS_CHANGE_H
#define PLAYGROUND_SETTINGS_CHANGE_H

#include "control.h"

/* order-service drains, ends and starts again with the new settings. Meanwhile the load pauses, as behind a
 * balancer that sends no calls to a draining instance. 0, or -1 with ERR_CONFLICT. */
int settings_change(struct control *control, const struct caller_settings *settings, struct err *err);

#endif
