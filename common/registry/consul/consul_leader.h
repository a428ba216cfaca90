/* consul_leader: have Consul's servers a leader? Without one, what they know may be
 * old, or nothing at all: their list proves nothing.
 *
 * With a list they say so themselves (X-Consul-KnownLeader). But since 1.10 an agent
 * answers a question that waits for a change from its stream of events, and there the
 * header is false at all times, for nobody fills it in (hashicorp/consul#9776). Then,
 * and where a question is kept, the agent is asked by itself (/v1/status/leader).
 */
#ifndef REGISTRY_CONSUL_LEADER_H
#define REGISTRY_CONSUL_LEADER_H

#include <stdbool.h>

#include "base/err.h"
#include "registry/consul/consul_http.h"

/* Has the agent answered from its stream? */
bool consul_is_streamed(const struct http_response *response);

/* What this answer to a question for a list says of the servers, into registry->leader
 * and last_contact_ms. Takes 500 ms at most, and mostly no time. */
void consul_leader_note(struct registry *registry, struct consul_http *http, const struct http_response *response);

/* Servers that have lost their leader keep a question for up to 7 s, in the hope of a
 * new one: for us that is a deadline that passed. The agent knows better at once, and
 * the error then says so. */
void consul_leader_name_missing(struct registry *registry, struct consul_http *http, struct err *err);

#endif
