/* live_settings: connects the settings that may change while the service runs with the configuration center.
 *
 * The center is that of the most trusted registry that has one: Consul's KV store. Without such a registry no fiber
 * runs. A service starts with the environment's values and does not wait for the center.
 */
#ifndef SERVICE_LIVE_SETTINGS_H
#define SERVICE_LIVE_SETTINGS_H

#include "base/buf.h"

struct service;

/* Call it after the registration has started. 0, or -1: out of memory or fibers. */
int live_settings_start(struct service *service);
/* Ends the fiber and waits for its end. May be called twice, or without a start. */
void live_settings_stop(struct service *service);

/* Nothing without a center. */
void live_settings_metrics(const struct service *service, struct buf *out);

#endif
