/* consul_wire: Consul's JSON for registration, as pure functions that do no I/O. The list, which discovery
 * reads, is in consul_list.h.
 */
#ifndef REGISTRY_CONSUL_WIRE_H
#define REGISTRY_CONSUL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/json.h"
#include "registry/registration_spec.h"

/* Appends the body of PUT /v1/agent/service/register. address: never "". False at the buffer's cap, or out
 * of memory. */
bool consul_add_registration(struct buf *out, const struct registration_spec *spec, const char *address);

/* The same as a tree, which the caller owns. NULL: out of memory. */
json_t *consul_registration_new(const struct registration_spec *spec, const char *address);

/* The agent's word for a kind of check: the "Type" in its list of checks. */
const char *consul_check_kind(enum check_kind check);

/* True: the check with which an agent marks that a service is in maintenance. */
bool consul_is_service_maintenance(const char *check_id);

/* Parses the reply to GET /v1/agent/health/service/id/<id>. *failing: a check of our service is critical;
 * output gets its text. A check that the agent has not run yet is critical without output: that is not
 * failing. -1: the reply is not Consul's. */
int consul_parse_own_health(const char *body, size_t len, bool *failing, char *output, size_t size,
                            struct err *err);

/* The index for the next blocking query. current: the index of the last one; header: X-Consul-Index of its
 * reply, "" for none. 0: the next query must not block. A valid index is at least 1, because Consul does not
 * block on 0. */
uint64_t consul_next_index(uint64_t current, const char *header);

#endif
