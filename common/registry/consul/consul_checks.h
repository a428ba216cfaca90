/* consul_checks: what the agent knows of the checks of our own entry, and which of them a registration ends.
 *
 * Registering with replace-existing-checks=true removes every check of an entry that the new registration does
 * not name, in one step. That ends the check of a former process, which would make the new one critical. But
 * it has two faults:
 *   - It also removes the check of the maintenance mode, so an operator's decision ends with a restart.
 *   - A check of another kind with the same id goes on beside the new one (all versions): a TTL check turns
 *     critical when the HTTP check of the former process fails.
 */
#ifndef REGISTRY_CONSUL_CHECKS_H
#define REGISTRY_CONSUL_CHECKS_H

#include "net/json.h"
#include "registry/consul/consul_http.h"
#include "registry/registration_spec.h"

/* Reads the checks of this id: an object of checks by id, which the caller owns. *checks is NULL if the agent
 * does not know the request. -1: no such reply. */
int consul_checks_read(struct consul_http *http, const char *id, int64_t deadline, json_t **checks, struct err *err);

/* True: it is a check of this id. Agents before 1.5 list the checks of all entries. */
bool consul_checks_is_of(const json_t *check, const char *id);

/* The reason why the instance is in maintenance, borrowed; NULL: it is not. checks: NULL is allowed. */
const char *consul_checks_maintenance(const json_t *checks, const char *id);
bool consul_checks_in_maintenance(const json_t *checks, const char *id);

/* The path of a registration. In maintenance it must not replace the checks. */
const char *consul_checks_register_path(bool in_maintenance);

/* Before a registration: ends the checks that it would leave behind. At no time does the entry lose its last
 * check, so that no caller picks it meanwhile. -1: a call failed; register later. */
int consul_checks_end_stale(struct consul_http *http, const json_t *checks, const struct registration_spec *spec,
                            int64_t deadline, struct err *err);

#endif
