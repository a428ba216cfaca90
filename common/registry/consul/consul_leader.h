/* consul_leader: do Consul's servers have a leader? Without one their list may be out of date or empty,
 * so a caller must not use it.
 *
 * The reply to a list query says it (X-Consul-KnownLeader), except in two cases: an agent since 1.10 replies
 * to a blocking query from its stream of events, and never sets this header then (hashicorp/consul#9776);
 * and servers without a leader hold a query back. In both cases we ask the agent separately
 * (/v1/status/leader).
 */
#ifndef REGISTRY_CONSUL_LEADER_H
#define REGISTRY_CONSUL_LEADER_H

#include <stdbool.h>

#include "base/err.h"
#include "registry/consul/consul_http.h"
#include "registry/registry.h"

/* Does this reply come from the agent's stream of events? */
bool consul_is_streamed(const struct http_response *response);

/* Sets registry->leader and last_contact_ms from the reply to a list query. Usually needs no call of its
 * own; if it does, at most 500 ms. */
void consul_leader_update(struct registry *registry, struct consul_http *http, const struct http_response *response);

/* Servers that lost their leader hold a query for up to 7 s until there is a new one, so our query times
 * out. The agent knows at once that there is no leader: then this replaces the timeout's text in err. */
void consul_leader_explain_timeout(struct registry *registry, struct consul_http *http, struct err *err);

#endif
