/* consul_leader: finds out whether Consul's servers have a leader. Without a leader their list may be out of
 * date or empty, so a caller must not use it.
 *
 * Usually the reply to a list query shows it in a header (X-Consul-KnownLeader). There are two exceptions. An
 * agent since 1.10 replies to a blocking query from its stream of events, and then this header is always
 * "false" (hashicorp/consul#9776). And servers without a leader hold a query back, so there is no reply. In
 * both cases we query the agent separately (/v1/status/leader).
 */
#ifndef REGISTRY_CONSUL_LEADER_H
#define REGISTRY_CONSUL_LEADER_H

#include <stdbool.h>

#include "base/err.h"
#include "registry/consul/consul_http.h"
#include "registry/registry.h"

/* True if this reply comes from the agent's stream of events. */
bool consul_is_streamed(const struct http_response *response);

/* What this reply shows. Usually sends no query of its own; if it does, it takes at most 500 ms. */
enum registry_leader consul_leader_of(struct consul_http *http, const struct http_response *response);

/* Sets registry->leader and last_contact_ms from the reply to a list query; as long as consul_leader_of. */
void consul_leader_update(struct registry *registry, struct consul_http *http, const struct http_response *response);

/* Call it with the error of a list query. If the query timed out because the servers have no leader, err
 * says so afterwards. (Servers that lost their leader hold a query for up to 7 s, until there is a new one.
 * The agent knows at once that there is no leader.) */
void consul_leader_explain_timeout(struct registry *registry, struct consul_http *http, struct err *err);

#endif
