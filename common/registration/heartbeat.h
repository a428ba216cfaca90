/* heartbeat: reports to the registry at an interval whether this instance is healthy. Private to this folder.
 *
 * Two kinds of registration need it: one with a TTL check, and one in a registry that checks no instance
 * itself (etcd). The interval is a third of the TTL or lease, so that two heartbeats may get lost. The reply
 * to a heartbeat also shows a loss: if the registry does not know the instance, registration.c registers again.
 */
#ifndef REGISTRATION_HEARTBEAT_H
#define REGISTRATION_HEARTBEAT_H

#include <stdbool.h>

struct registration;

bool heartbeat_is_needed(const struct registration *registration);
/* The body of a fiber; ends only when the fiber is cancelled. Sends the first heartbeat after the first
 * register call, then one every check_interval_ms, and one at once after each registration. */
void heartbeat_run(void *registration);

#endif
