/* consul_predecessor: who stood at our address before us.
 *
 * An instance that was killed could not deregister. Started again, as docker does it at
 * once, it is at the same address and port under a new id; and Consul, which checks
 * addresses, finds the old entry alive. It would stay for ever, and the one instance be
 * called as if it were two. But nobody else can listen where we do: so whoever is
 * registered there under another id is gone.
 */
#ifndef REGISTRY_CONSUL_PREDECESSOR_H
#define REGISTRY_CONSUL_PREDECESSOR_H

#include "registry/consul/consul_http.h"

/* Deregisters them from the agent. To be called once, after the first registration: where
 * several share an address after all (that of a proxy), none keeps throwing out the
 * others. Best effort: a failure costs no more than was there before. */
void consul_deregister_predecessors(struct consul_http *http, const struct registration_spec *spec,
                                    const char *address, int64_t deadline);

#endif
