/* registry: one interface for every kind of service registry, with seven operations. Callers do not know the kind: what
 * each kind does is in registry_ops.h.
 *
 * Only Consul checks instances itself. The others count heartbeats, so an instance reports its own health.
 *
 * Every operation but free runs in a fiber and may wait, at most until `deadline` (on clock_ms()). It
 * returns 0, or -1 with err.
 */
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "registry/registry_ops.h"

const char *registry_kind(const struct registry *registry);
/* The address that is registered: the spec's, or the local one if the spec has none. "" until that is
 * known. Borrowed. */
const char *registry_address(const struct registry *registry, const struct registration_spec *spec);

/* For kinds that check no instance: whether it shows as passing. With a TCP check, or none, it does as soon as it is
 * registered. With the others it is critical until its first heartbeat, as in Consul. */
bool registration_is_passing(const struct registration_spec *spec, bool healthy);

/* Registers, or replaces an earlier registration with the same id. Then the registry has the spec's maintenance, too. */
int registry_register(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                      struct err *err);
/* If the instance is not registered, this succeeds too. */
int registry_deregister(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                        struct err *err);
/* *registered: false if the registry has forgotten the instance, as an agent that restarted may have; or if its
 * entry is not what we registered: then registry->difference says in what it differs. */
int registry_is_registered(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                           bool *registered, struct err *err);
/* For a TTL check; if the registry needs_heartbeat, for every check. note: the reason, if not healthy.
 * ERR_NOT_FOUND: the registry has forgotten the instance; register again. */
int registry_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                       const char *note, int64_t deadline, struct err *err);
/* The result of the registry's own check of this instance, for the log; output is one line of less than
 * `size` bytes. A kind that checks no instance sets *failing to false. */
int registry_check_output(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                          bool *failing, char *output, size_t size, struct err *err);

/* Reads every instance of a service, in any state. Returns as soon as the list differs from the cursor's
 * version, or after about wait_ms (0: at once). On 0 the cursor moves on, and *list is a reference that the
 * caller owns (it may equal the last one), or NULL: unchanged. On -1 *list is NULL, and the next fetch
 * returns the whole list at once. These are errors too: servers without a leader, a list that is cut off or
 * over 32 MB, a list without any usable entry. */
int registry_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                   int64_t deadline, struct instance_list **list, struct err *err);

void registry_free(struct registry *registry); /* NULL is allowed */

void registry_metrics(struct registry *const *registries, size_t count, struct buf *out);

#endif
