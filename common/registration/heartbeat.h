/* heartbeat: reports to the registry at an interval whether this instance is healthy. Private to this folder.
 *
 * A registration needs heartbeats if it has a TTL check, or if its registry checks no instance itself (all but
 * Consul). The interval is a third of the TTL or lease, so two heartbeats in a row may get lost. If the reply to a
 * heartbeat says that the registry does not know the instance, registration.c registers it again.
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
