/* consul_difference: compares the agent's entry under our id with what we registered. Does no I/O.
 *
 * Another process may register the same id: a copy of a container with the same SERVICE_ID, or a script. Then
 * callers go to its address, and our own process is no longer found. Or the check is changed or deleted, and
 * the entry stays as it is, whatever happens to us.
 *
 * The agent does not show the definition of a check. So our registration writes it into the check's notes: the
 * check of another registration has other notes, or none.
 */
#ifndef REGISTRY_CONSUL_DIFFERENCE_H
#define REGISTRY_CONSUL_DIFFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "net/json.h"
#include "registry/registration_spec.h"

/* True: they differ, and text says in what. address: what we registered. service: the reply to
 * GET /v1/agent/service/<id>; checks: as consul_checks_read() returns them; NULL: not known. A member that a
 * reply does not have counts as equal, and so do members that we do not register. */
bool consul_find_difference(const struct registration_spec *spec, const char *address, const json_t *service,
                            const json_t *checks, char *text, size_t size);

#endif
